"""Example 48 · Several expressions, several variables (使用 gradients 对多个式子求多变量偏导)

Book:      intro 8.6.7, listing 8-15
Data:      four random vectors of two numbers, whose values do not matter
Shows:     tf.gradients of two sums at once for four variables, with grad_ys; that the contributions of y1 and y2 to a
           shared variable are added; what grad_ys is
Departs:   grad_ys are the gradients that come in at y1 and y2 (the text calls them the values of y1 and y2): the same
           result as the gradient of 1·y1[0] + 2·y1[1] + 3·y2[0] + 4·y2[1]
Time:      4 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The graph (listing 8-15)
w1 = tf.get_variable("w1", shape=[2])
w2 = tf.get_variable("w2", shape=[2])
w3 = tf.get_variable("w3", shape=[2])
w4 = tf.get_variable("w4", shape=[2])

y1 = w1 + w2 + w3
y2 = w3 + w4
upstream = [tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])]

gradients = tf.gradients([y1, y2], [w1, w2, w3, w4], grad_ys=upstream)

# %% The same in three other ways
from_y1 = tf.gradients(y1, w3, grad_ys=upstream[0])[0]
from_y2 = tf.gradients(y2, w3, grad_ys=upstream[1])[0]
weighted_sum = tf.reduce_sum(y1 * upstream[0]) + tf.reduce_sum(y2 * upstream[1])
of_weighted_sum = tf.gradients(weighted_sum, [w1, w2, w3, w4])
without_grad_ys = tf.gradients([y1, y2], [w1, w2, w3, w4])  # ones come in

# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values, one, other, weighted, plain, ys = sess.run(
        [gradients, from_y1, from_y2, of_weighted_sum, without_grad_ys, [y1, y2]]
    )
print("gradients of [y1, y2] for w1 … w4 with grad_ys [1, 2] and [3, 4]:", *values)
print(f"  for w3: {one} by way of y1 and {other} by way of y2")
print("gradients of 1·y1[0] + 2·y1[1] + 3·y2[0] + 4·y2[1]:", *weighted)
print("gradients without grad_ys:", *plain)
print("the values of y1 and y2, which play no part:", *ys)

# %% Results
for name, value, book in zip(("w1", "w2", "w3", "w4"), values, ([1, 2], [1, 2], [4, 6], [3, 4]), strict=True):
    ex.report(f"gradient for {name}", value, book=book)
ex.report("w3 is the sum over y1 and y2", bool(np.array_equal(one + other, values[2])))
ex.report("as the gradient of the weighted sum", bool(np.array_equal(weighted, values)))
ex.report("without grad_ys", plain)
ex.finish()
