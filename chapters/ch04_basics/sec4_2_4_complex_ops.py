"""Section 4.2.4 · Complex ops (复数操作函数)

Book:      intro 4.2.4, table 4-12
Data:      none
Shows:     complex numbers made of two real tensors, their modulus, conjugate, parts and Fourier transform
Departs:   complex_abs is gone: abs takes complex numbers; the shapes are (2,) for complex and (2, 1) for the modulus,
           where the book prints the first nested and the second flat
Time:      5 s on 2 CPU cores
"""

from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The table
real = tf.constant([2.25, 3.25])
imag = tf.constant([4.75, 5.75])
z = tf.complex(real, imag)
column = tf.constant([[-2.25 + 4.75j], [-3.25 + 5.75j]], tf.complex64)
signal = tf.constant([1, 2, 3, 4], tf.complex64)
table = OpTable(ex, "Table 4-12: complex numbers")
table.report(tf.complex(real, imag), book=[2.25 + 4.75j, 3.25 + 5.75j])
table.fails(lambda: tf.complex_abs(column))
table.report(tf.abs(column), book=[[5.25594902], [6.60492229]])
table.show(tf.conj(z))
table.show(tf.imag(z))
table.show(tf.real(z))
table.show(tf.fft(signal))
table.show(tf.ifft(tf.fft(signal)))

# %% One run
with ex.session() as sess:
    table.run(sess)
ex.finish()
