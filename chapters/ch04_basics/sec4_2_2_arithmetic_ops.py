"""Section 4.2.2 · Arithmetic ops (算术运算函数)

Book:      intro 4.2.2, table 4-10
Data:      none
Shows:     every op of the table with its input and its value; what dividing, rounding and taking the remainder do
           to whole and to negative numbers
Departs:   inv is gone, and it never was negation: it was 1/x, now reciprocal; a cast to int32 does not round, it
           truncates, and round itself goes to the even neighbour: floor(x + 0.5) rounds halves up; the second
           argument of log is the name of the op, not a base: log(x) / log(base); atan is not tan but its inverse;
           div is not divide: on whole numbers it gives a whole number, rounded down
Time:      4 s on 2 CPU cores
"""

import numpy as np
from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Adding to dividing
v = tf.Variable(1.0)
a = tf.constant([7, -7])
b = tf.constant([2, 2])
basic = OpTable(ex, "Table 4-10: basic arithmetic")
basic.show(tf.assign(v, 5.0))
basic.show(tf.add(a, b))
basic.show(tf.subtract(a, b))
basic.show(tf.multiply(a, b))
basic.show(tf.divide(a, b))
basic.show(tf.div(a, b))
basic.show(tf.div(7.0, 2.0))
basic.show(tf.truncatediv(a, b))
basic.show(tf.mod(a, 3))
basic.show(tf.truncatemod(a, 3))

# %% One number at a time
x = tf.constant([-2.0, 0.0, 3.0])
halves = tf.constant([0.9, 2.5, 2.3, 1.5, -4.5])
single = OpTable(ex, "Table 4-10: signs, rounding, reciprocals")
single.show(tf.abs(x))
single.show(tf.negative(x))
single.show(tf.sign(x))
single.fails(lambda: tf.inv(4.0))
single.show(tf.reciprocal(4.0))
single.show(tf.square(x))
single.report(tf.round(halves), book=[1, 2, 2, 2, -4])
single.show(tf.cast(halves, tf.int32))
single.show(tf.floor(halves + 0.5))

# %% Powers, roots, logarithms
base = tf.constant([[2, 2], [3, 3]])
exponent = tf.constant([[8, 16], [2, 3]])
powers = OpTable(ex, "Table 4-10: powers and logarithms")
powers.show(tf.sqrt([4.0, 2.0]))
powers.report(tf.pow(base, exponent), book=[[256, 65536], [9, 27]])
powers.show(tf.exp([0.0, 1.0]))
powers.show(tf.log([1.0, np.e]))
powers.fails(lambda: tf.log(8.0, 2))
powers.show(tf.log(8.0, "base_2"))
powers.show(tf.log(8.0, "ln_of_8").name)
powers.show(tf.log(8.0) / tf.log(2.0))

# %% Comparing, angles, choosing
angle = tf.constant([0.0, np.pi / 4])
two, five = tf.constant(2), tf.constant(5)
rest = OpTable(ex, "Table 4-10: the larger and the smaller, angles, cond")
rest.show(tf.maximum(a, b))
rest.show(tf.minimum(a, b))
rest.show(tf.cos(angle))
rest.show(tf.sin(angle))
rest.show(tf.tan(angle))
rest.show(tf.atan(tf.tan(angle)))
rest.show(tf.atan(1.0))
rest.report(tf.cond(tf.less(two, five), lambda: two * 17, lambda: five + 23), book=34)

# %% One run a table
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for table in (basic, single, powers, rest):
        table.run(sess)
ex.finish()
