"""Example 37 · Using the convolution function (卷积函数的使用)

Book:      intro 8.4.1–8.4.3, listing 8-1
Data:      constants: pictures of ones, 5×5 and 4×4, with one or two channels
Shows:     what the padding, several output channels, several input channels and the size of the input do to
           tf.nn.conv2d; where SAME puts its zeros, by the rule of 8.4.2 and by padding with tf.pad
Departs:   after the book's tensors each lesson is also checked: SAME is VALID on the padded input, input channels
           are summed, and output channels are convolutions of their own
Time:      4 s on 2 CPU cores
"""

import math

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# What the book prints, without the batch axis: rows, columns, channels.
TWOS = [[[-2], [-2]], [[-2], [-2]]]
BOOK = {
    "op1": [[[-2], [-2], [-1]], [[-2], [-2], [-1]], [[-1], [-1], [-1]]],
    "op2": [[[-2, -2], [-2, -2], [-2, 0]], [[-2, -2], [-2, -2], [-2, 0]], [[-1, -1], [-1, -1], [-1, 0]]],
    "op3": [
        [[-2, -2, -2], [-2, -2, -2], [-1, -1, -1]],
        [[-2, -2, -2], [-2, -2, -2], [-1, -1, -1]],
        [[-2, -1, 0], [-2, -1, 0], [-1, 0, 0]],
    ],
    "op4": [[[-4, -4], [-4, -4], [-2, -2]], [[-4, -4], [-4, -4], [-2, -2]], [[-2, -2], [-2, -2], [-1, -1]]],
    "op5": [[[-4], [-4], [-2]], [[-4], [-4], [-2]], [[-2], [-2], [-1]]],
    "vop1": TWOS,
    "op6": TWOS,
    "vop6": TWOS,
}


# %% The rules of the padding (8.4.2)
def windows(size, kernel, stride, padding):
    """Return how many windows fit along one axis, and how many zeros go before and behind it."""
    if padding == "VALID":
        return math.ceil((size - kernel + 1) / stride), 0, 0
    count = math.ceil(size / stride)
    zeros = max((count - 1) * stride + kernel - size, 0)
    return count, zeros // 2, zeros - zeros // 2


valid_13, same_13 = windows(13, 6, 5, "VALID"), windows(13, 6, 5, "SAME")
line = tf.reshape(tf.range(1.0, 14.0), [1, 13, 1])
six_ones = tf.ones([6, 1, 1])
valid_sums = tf.nn.conv1d(line, six_ones, stride=5, padding="VALID")[0, :, 0]
same_sums = tf.nn.conv1d(line, six_ones, stride=5, padding="SAME")[0, :, 0]

# %% The inputs and the kernels (listing 8-1)
input = tf.Variable(tf.constant(1.0, shape=[1, 5, 5, 1]))
input2 = tf.Variable(tf.constant(1.0, shape=[1, 5, 5, 2]))
input3 = tf.Variable(tf.constant(1.0, shape=[1, 4, 4, 1]))

# The numbers fill [height, width, input channels, output channels], the last axis first.
filter1 = tf.Variable(tf.constant([-1.0, 0, 0, -1], shape=[2, 2, 1, 1]))
filter2 = tf.Variable(tf.constant([-1.0, 0, 0, -1] * 2, shape=[2, 2, 1, 2]))
filter3 = tf.Variable(tf.constant([-1.0, 0, 0, -1] * 3, shape=[2, 2, 1, 3]))
filter4 = tf.Variable(tf.constant([-1.0, 0, 0, -1] * 4, shape=[2, 2, 2, 2]))
filter5 = tf.Variable(tf.constant([-1.0, 0, 0, -1] * 2, shape=[2, 2, 2, 1]))

# %% The convolutions
op1 = tf.nn.conv2d(input, filter1, strides=[1, 2, 2, 1], padding="SAME")  # one channel in, one out
op2 = tf.nn.conv2d(input, filter2, strides=[1, 2, 2, 1], padding="SAME")  # one in, two out
op3 = tf.nn.conv2d(input, filter3, strides=[1, 2, 2, 1], padding="SAME")  # one in, three out
op4 = tf.nn.conv2d(input2, filter4, strides=[1, 2, 2, 1], padding="SAME")  # two in, two out
op5 = tf.nn.conv2d(input2, filter5, strides=[1, 2, 2, 1], padding="SAME")  # two in, one out
vop1 = tf.nn.conv2d(input, filter1, strides=[1, 2, 2, 1], padding="VALID")  # 5×5: the last row and column are lost
op6 = tf.nn.conv2d(input3, filter1, strides=[1, 2, 2, 1], padding="SAME")
vop6 = tf.nn.conv2d(input3, filter1, strides=[1, 2, 2, 1], padding="VALID")  # 4×4: nothing to pad, so as op6

# %% The lessons, each as a second way to the same tensor
_, before, behind = windows(5, 2, 2, "SAME")
padded = tf.pad(input, [[0, 0], [before, behind], [before, behind], [0, 0]])
op1_padded = tf.nn.conv2d(padded, filter1, strides=[1, 2, 2, 1], padding="VALID")
op3_apart = [
    tf.nn.conv2d(input, filter3[..., c : c + 1], strides=[1, 2, 2, 1], padding="SAME") for c in range(filter3.shape[3])
]
op5_apart = [
    tf.nn.conv2d(input2[..., c : c + 1], filter5[:, :, c : c + 1], strides=[1, 2, 2, 1], padding="SAME")
    for c in range(filter5.shape[2])
]

# %% Run and print, in the four groups of the book
GROUPS = [
    [("op1", op1, filter1), ("op2", op2, filter2)],
    [("op3", op3, filter3), ("op4", op4, filter4)],
    [("op5", op5, filter5), ("op1", op1, filter1)],
    [("vop1", vop1, filter1), ("op6", op6, filter1), ("vop6", vop6, filter1)],
]
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values = sess.run([[(op, kernel) for _, op, kernel in group] for group in GROUPS])
    sums = sess.run([valid_sums, same_sums])
    ways = sess.run(
        {
            "op1 is VALID on the padded input": [op1, op1_padded],
            "op3 is three convolutions side by side": [op3, tf.concat(op3_apart, axis=3)],
            "op5 is the sum over its input channels": [op5, tf.add_n(op5_apart)],
            "op6 is vop6": [op6, vop6],
        }
    )

print(f"13 elements, kernel 6, stride 5 (windows, zeros before, zeros behind): VALID {valid_13}, SAME {same_13}")
measured = {}
for group, results in zip(GROUPS, values, strict=True):
    print("-" * 40)
    for (name, _, _), (result, kernel) in zip(group, results, strict=True):
        print(f"{name}, shape {list(result.shape)}:\n{result}\nits filter, shape {list(kernel.shape)}:\n{kernel}")
        measured[name] = result[0]

# %% Results
for name, book in BOOK.items():
    ex.report(name, measured[name], book=book)
ex.report("8.4.2 VALID: windows", valid_13[0], book=2)
ex.report("8.4.2 SAME: windows, zeros before, zeros behind", same_13, book=[3, 1, 2])
ex.report("8.4.2 VALID: sums of the windows", sums[0])
ex.report("8.4.2 SAME: sums of the windows", sums[1])
ex.report("zeros before and behind the 5×5 input", [before, behind], book=[0, 1])
for lesson, (one, other) in ways.items():
    ex.report(lesson, bool(np.array_equal(one, other)))
ex.finish()
