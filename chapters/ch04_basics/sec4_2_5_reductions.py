"""Section 4.2.5 · Reductions (规约计算)

Book:      intro 4.2.5, table 4-13
Data:      none
Shows:     sum, product, minimum, maximum, mean, all and any: over everything without an axis, down the columns with
           axis 0, along the rows with axis 1, and with the reduced axis kept as one of size 1
Departs:   reduction_indices and keep_dims are the old names of axis and keepdims; both are run to show that they
           still work
Time:      5 s on 2 CPU cores
"""

from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Numbers
x = tf.constant([[1, 1, 1], [1, 1, 1]])
n = tf.constant([[2, 3], [4, 5]])
m = tf.constant([[2.0, 3.0], [4.0, 5.0]])
numbers = OpTable(ex, "Table 4-13: numbers")
numbers.report(tf.reduce_sum(x), book=6)
numbers.report(tf.reduce_sum(x, 0), book=[2, 2, 2])
numbers.report(tf.reduce_sum(x, 1), book=[3, 3])
numbers.report(tf.reduce_sum(x, 1, keepdims=True), book=[[3], [3]])
numbers.report(tf.reduce_sum(x, [0, 1]), book=6)
numbers.show(tf.reduce_sum(x, reduction_indices=1, keep_dims=True))
numbers.show(tf.reduce_prod(n))
numbers.report(tf.reduce_prod(n, 0), book=[8, 15])
numbers.show(tf.reduce_min(n))
numbers.show(tf.reduce_min(n, 0))
numbers.show(tf.reduce_max(n))
numbers.show(tf.reduce_max(n, 1))
numbers.show(tf.reduce_mean(m))
numbers.show(tf.reduce_mean(m, 0))
numbers.show(tf.reduce_mean(m, 1))
numbers.show(tf.reduce_mean(n, 1))  # the mean of whole numbers is a whole number, cut off

# %% True and False
flags = tf.constant([[True, True], [False, False]])
logic = OpTable(ex, "Table 4-13: True and False")
logic.report(tf.reduce_all(flags), book=False)
logic.report(tf.reduce_all(flags, 0), book=[False, False])
logic.report(tf.reduce_all(flags, 1), book=[True, False])
logic.report(tf.reduce_any(flags), book=True)
logic.report(tf.reduce_any(flags, 0), book=[True, True])
logic.report(tf.reduce_any(flags, 1), book=[True, False])

# %% One run a table
with ex.session() as sess:
    numbers.run(sess)
    logic.run(sess)
ex.finish()
