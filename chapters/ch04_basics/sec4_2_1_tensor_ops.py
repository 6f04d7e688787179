"""Section 4.2.1 · Tensor types, ranks, shapes and data ops (张量及操作)

Book:      intro 4.2.1, tables 4-4 to 4-9
Data:      none
Shows:     every op of the tables with its input and its value: types, ranks, casts, constants, random numbers,
           shapes, and cutting and joining; the errors of a wrong dimension; what a print of a node does not show
Departs:   constant(1, [2, 3]) is a TypeError, because the second argument is the dtype: shape= must be named;
           linspace takes whole numbers too; slice asks for 0 <= begin and begin + size <= dimension (size -1: to the
           end), not for begin <= size; concat takes the values first, the axis second; one_hot with axis 1 makes
           [batch, depth, features] of [batch, features]; table 4-7 has the caption of 4-6
Time:      5 s on 2 CPU cores
"""

import numpy as np
from _op_table import OpTable

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% The types
types = OpTable(ex, "Table 4-4: types")
types.show(tf.constant(3.14, tf.float32))
types.show(tf.constant(3.14, tf.float64))
types.show(tf.constant(-7, tf.int64))
types.show(tf.constant(-7, tf.int32))
types.show(tf.constant(-7, tf.int16))
types.show(tf.constant(-7, tf.int8))
types.show(tf.constant(255, tf.uint8))
types.show(tf.constant("bytes", tf.string))
types.show(tf.constant(True, tf.bool))
types.show(tf.constant(1 + 2j, tf.complex64))

# %% The ranks: how many brackets
ranks = OpTable(ex, "Table 4-5: ranks")
ranks.report(tf.rank(1), book=0)
ranks.report(tf.rank([1, 1, 1]), book=1)
ranks.report(tf.rank([[1, 1], [1, 1]]), book=2)
ranks.report(tf.rank([[[1], [2]], [[3], [4]]]), book=3)
ranks.report(tf.rank([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), book=2)
ranks.report(tf.shape([[1, 2, 3], [4, 5, 6]]), book=[2, 3])

# %% Casts; the to_… functions are deprecated in favour of cast
v = tf.Variable(1.0)
x = tf.constant([1.8, -2.7])
casts = OpTable(ex, "Table 4-6: casts")
casts.show(tf.string_to_number("3.14"))
casts.show(tf.to_double(x))
casts.show(tf.to_float([1, 2]))
casts.show(tf.to_int32(x))
casts.show(tf.to_int64(x))
casts.report(tf.cast(v, tf.int32), book=1)

# %% Constants
pair = tf.constant([[1, 2, 3], [4, 5, 6]])
constants = OpTable(ex, "Table 4-7: constants")
constants.report(tf.ones([2, 3], tf.int32), book=[[1, 1, 1], [1, 1, 1]])
constants.report(tf.zeros([2, 3], tf.int32), book=[[0, 0, 0], [0, 0, 0]])
constants.report(tf.ones_like(pair), book=[[1, 1, 1], [1, 1, 1]])
constants.report(tf.zeros_like(pair), book=[[0, 0, 0], [0, 0, 0]])
constants.report(tf.fill([2, 3], 1), book=[[1, 1, 1], [1, 1, 1]])
constants.report(tf.constant(1, shape=[2, 3]), book=[[1, 1, 1], [1, 1, 1]])
constants.fails(lambda: tf.constant(1, [2, 3]))
constants.report(tf.linspace(1.0, 5.0, 5), book=[1, 2, 3, 4, 5])
constants.show(tf.linspace(1, 5, 5))
constants.report(tf.range(1, 5, 1), book=[1, 2, 3, 4])

# %% Random numbers
normal = tf.random_normal([10_000], mean=0.0, stddev=1.0)
truncated = tf.truncated_normal([10_000], mean=0.0, stddev=1.0)
uniform = tf.random_uniform([10_000], minval=2.0, maxval=5.0)
whole = tf.random_uniform([10_000], minval=0, maxval=3, dtype=tf.int32)
picture = tf.reshape(tf.range(16), [4, 4])
window = tf.random_crop(picture, [2, 2])
random = OpTable(ex, "Table 4-7: random numbers")
random.show(tf.random_normal([5], mean=0.0, stddev=1.0))
random.show(tf.reduce_mean(normal))
random.show(tf.math.reduce_std(normal))
random.show(tf.reduce_max(tf.abs(normal)))
random.show(tf.truncated_normal([5], mean=0.0, stddev=1.0))
random.show(tf.reduce_max(tf.abs(truncated)))
random.show(tf.random_uniform([5], minval=2.0, maxval=5.0))
random.show([tf.reduce_min(uniform), tf.reduce_max(uniform)])
random.show(tf.random_uniform([5], minval=0, maxval=3, dtype=tf.int32))
random.show(tf.unique(tf.sort(whole)).y)
random.show(tf.random_crop(picture, [2, 2]))
random.show(window - window[0, 0])
random.show(tf.reduce_all(tf.equal(tf.random_uniform([3], seed=5), tf.random_uniform([3], seed=5))))

# %% Shapes
t = tf.constant([1, 2, 3, 4, 5, 6, 7, 8, 9])
square = tf.reshape(t, [3, 3])
four = tf.constant([[[[1, 1, 1], [2, 2, 2]], [[3, 3, 3], [4, 4, 4]]]])
sheet = tf.constant([[2, 3, 3], [1, 5, 5]])
deep = tf.constant([[[[2], [1]]]])
shapes = OpTable(ex, "Table 4-8: shapes")
shapes.report(tf.shape(t), book=[9])
shapes.report(tf.shape(tf.shape(t)), book=[1])
shapes.report(np.shape([1, 2, 3, 4, 5, 6, 7, 8, 9]), book=(9,))
shapes.report(tf.size(four), book=12)
shapes.report(tf.rank(four), book=4)
shapes.show(tf.rank(four[0]))
shapes.report(tf.reshape(t, [3, 3]), book=[[1, 2, 3], [4, 5, 6], [7, 8, 9]])
shapes.report(tf.reshape(square, [1, -1]), book=[[1, 2, 3, 4, 5, 6, 7, 8, 9]])
shapes.report(tf.reshape(square, [1, -1]).shape, book=(1, 9))
shapes.report(square.shape, book=(3, 3))
shapes.show(tf.expand_dims(sheet, 1))
shapes.report(tf.shape(tf.expand_dims(sheet, 0)), book=[1, 2, 3])
shapes.report(tf.shape(tf.expand_dims(sheet, 1)), book=[2, 1, 3])
shapes.report(tf.shape(tf.expand_dims(sheet, 2)), book=[2, 3, 1])
shapes.report(tf.shape(tf.expand_dims(sheet, -1)), book=[2, 3, 1])
shapes.fails(lambda: tf.expand_dims(sheet, 3))
shapes.show(tf.squeeze(deep, 0))
shapes.report(tf.shape(tf.squeeze(deep, 0)), book=[1, 2, 1])
shapes.report(tf.shape(tf.squeeze(deep, 1)), book=[1, 2, 1])
shapes.report(tf.shape(tf.squeeze(deep, 3)), book=[1, 1, 2])
shapes.report(tf.shape(tf.squeeze(deep, -1)), book=[1, 1, 2])
shapes.fails(lambda: tf.squeeze(deep, 2))

# %% Cutting and joining
blocks = tf.constant([[[1, 1, 1], [2, 2, 2]], [[3, 3, 3], [4, 4, 4]], [[5, 5, 5], [6, 6, 6]]])
# Known only when it is run: the slice of a constant that reaches too far may be clipped silently by the optimiser.
ten = tf.placeholder_with_default(tf.range(10), [None])
wide = tf.reshape(tf.range(150), [5, 30])
one = tf.constant([[1, 2, 3], [4, 5, 6]])
two = tf.constant([[7, 8, 9], [10, 11, 12]])
tens = tf.constant([[10, 20, 30], [40, 50, 60]])
labels = tf.constant([0, 2, -1, 1])
batch = tf.reshape(tf.range(24) % 3, [4, 6])  # [batch, features]
data = OpTable(ex, "Table 4-9: cutting and joining")
data.report(tf.slice(blocks, [1, 0, 0], [1, 1, 3]), book=[[[3, 3, 3]]])
data.report(tf.slice(blocks, [1, 0, 0], [1, 2, 3]), book=[[[3, 3, 3], [4, 4, 4]]])
data.report(tf.slice(blocks, [1, 0, 0], [2, 1, 3]), book=[[[3, 3, 3]], [[5, 5, 5]]])
data.show(tf.slice(ten, [7], [2]))
data.show(tf.slice(ten, [7], [-1]))
data.fails(lambda: tf.slice(ten, [7], [4]))
data.fails(lambda: tf.slice(ten, [-1], [1]))
data.report([tf.shape(part) for part in tf.split(wide, [4, 15, 11], 1)], book=[[5, 4], [5, 15], [5, 11]])
data.show(tf.reduce_all(tf.equal(tf.concat(tf.split(wide, [4, 15, 11], 1), 1), wide)))
data.report(tf.concat([one, two], 0), book=[[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]])
data.report(tf.concat([one, two], 1), book=[[1, 2, 3, 7, 8, 9], [4, 5, 6, 10, 11, 12]])
data.fails(lambda: tf.concat(0, [one, two]))
data.show(tf.stack([one, tens], 0))
data.report(tf.stack([one, tens], 1), book=[[[1, 2, 3], [10, 20, 30]], [[4, 5, 6], [40, 50, 60]]])
data.report(tf.unstack(one, axis=0), book=[[1, 2, 3], [4, 5, 6]])
data.report(tf.unstack(one, axis=1), book=[[1, 4], [2, 5], [3, 6]])
data.report(tf.gather([0.0, 2.0, -1.0], [2, 0]), book=[-1.0, 0.0])
data.report(tf.one_hot(labels, 3, 5.0, 0.0, axis=-1), book=[[5, 0, 0], [0, 0, 5], [0, 0, 0], [0, 5, 0]])
data.show(tf.one_hot(labels, 3, 5.0, 0.0, axis=0))
data.show(tf.shape(tf.one_hot(batch, 3, axis=-1)))
data.show(tf.shape(tf.one_hot(batch, 3, axis=0)))
data.show(tf.shape(tf.one_hot(batch, 3, axis=1)))
data.show(tf.count_nonzero([[0, 1], [2, 0]]))

# %% One run a table
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for table in (types, ranks, casts, constants, random, shapes, data):
        table.run(sess)

# %% set_random_seed: each new session starts the same row of draws
with tf.Graph().as_default() as graph:
    tf.set_random_seed(7)
    draw = tf.random_uniform([3])
    with ex.session(graph) as sess:
        first, second = sess.run(draw), sess.run(draw)
    with ex.session(graph) as sess:
        again = sess.run(draw)
print("\ntf.set_random_seed(7), then twice sess.run(tf.random_uniform([3]))")
print("  first session ", first, second)
print("  second session", again)
ex.report("equal seeds, equal draws", np.array_equal(first, again))
ex.report("the next draw of a session differs", not np.array_equal(first, second))

# %% The closing note: a node is not its value
x, y = tf.constant(2), tf.constant(5)
node = tf.cond(tf.less(x, y), lambda: x * 17, lambda: y + 23)
with ex.session() as sess:
    value = sess.run(node)
print("\nprint(node)           ", node)
print("print(sess.run(node)) ", value)
ex.report("cond(less(2, 5), 2 * 17, 5 + 23)", value, book=34)
ex.finish()
