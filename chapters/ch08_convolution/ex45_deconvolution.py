"""Example 45 · Deconvolution (演示反卷积的操作)

Book:      intro 8.6.1–8.6.3, listing 8-12
Data:      a 4×4 picture of ones; random pictures for the checks
Model:     at the end a transposed convolution with a 2×2 kernel, stride 2, that learns to enlarge pictures
Shows:     tf.nn.conv2d_transpose with VALID and SAME; that it is the gradient of the convolution and does not bring
           the picture back; the four steps of 8.6.2 in plain ops; an output_shape that cannot be; that it learns
Departs:   step 3 pads the near side by kernel − 1 − the zeros that the convolution put there: the book's rule, the
           SAME rule at stride 1 with its sides swapped, fails for (kernel, stride, size) = (3, 2, 4), as shown; the
           text says that a deconvolution cannot learn: a small training shows that it can
Time:      8 s on 2 CPU cores
"""

import math

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, steps=200, learning_rate=0.3)

BOOK_CONV = [[[-2], [-2]], [[-2], [-2]]]
BOOK_CONVT = [[[-2], [0], [-2], [0]], [[2], [4], [2], [4]]] * 2

# %% The convolution and its transpose (listing 8-12)
img = tf.Variable(tf.constant(1.0, shape=[1, 4, 4, 1]))
filter = tf.Variable(tf.constant([1.0, 0, -1, -2], shape=[2, 2, 1, 1]))

conv = tf.nn.conv2d(img, filter, strides=[1, 2, 2, 1], padding="VALID")
cons = tf.nn.conv2d(img, filter, strides=[1, 2, 2, 1], padding="SAME")
print(conv.shape)
print(cons.shape)

contv = tf.nn.conv2d_transpose(conv, filter, [1, 4, 4, 1], strides=[1, 2, 2, 1], padding="VALID")
conts = tf.nn.conv2d_transpose(cons, filter, [1, 4, 4, 1], strides=[1, 2, 2, 1], padding="SAME")

# The gradient of the convolution for its input, when `conv` itself comes in from behind, is the same operation.
gradient = tf.gradients(conv, img, grad_ys=conv)[0]


# %% The four steps of 8.6.2 with the corrected padding
def near_zeros(kernel, stride, size):
    """Return the zeros that a SAME convolution puts before an axis of `size` elements (8.4.2)."""
    windows = math.ceil(size / stride)
    return max((windows - 1) * stride + kernel - size, 0) // 2


def flipped(kernel):
    """Step 1: turn the kernel round in both directions; [h, w, out, in] becomes [h, w, in, out]."""
    return tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2])


def spread(value, stride):
    """Step 2: put stride − 1 zeros after every element of the rows and the columns."""
    _, height, width, channels = value.shape.as_list()
    value = tf.reshape(value, [1, height, 1, width, 1, channels])
    value = tf.pad(value, [[0, 0], [0, 0], [0, stride - 1], [0, 0], [0, stride - 1], [0, 0]])
    return tf.reshape(value, [1, height * stride, width * stride, channels])


def convolve(value, kernel, before, size):
    """Steps 3 and 4: pad both axes, `before` zeros near and as many far as give `size`, and convolve at stride 1."""
    length = size + kernel.shape.as_list()[0] - 1
    behind = length - before - value.shape.as_list()[1]
    padded = tf.pad(value, [[0, 0], [before, max(behind, 0)], [before, max(behind, 0)], [0, 0]])
    padded = padded[:, :length, :length]  # where the zeros behind the last element are too many already
    return tf.nn.conv2d(padded, kernel, strides=[1, 1, 1, 1], padding="VALID")


def four_steps(value, kernel, stride, size):
    """Return the SAME transposed convolution to `size` × `size`."""
    side = kernel.shape.as_list()[0]
    before = side - 1 - near_zeros(side, stride, size)
    return convolve(spread(value, stride), flipped(kernel), before, size)


def book_steps(value, kernel, stride, size):
    """As the book pads: the SAME rule at stride 1, its two sides swapped."""
    side = kernel.shape.as_list()[0]
    before = side - 1 - near_zeros(side, 1, size)
    return convolve(spread(value, stride), flipped(kernel), before, size)


# %% Both rules against TensorFlow, two channels made of three, random numbers
NAMED = [(2, 2, 4), (3, 1, 4), (3, 2, 5), (5, 1, 6), (3, 2, 4), (5, 3, 7), (4, 2, 9)]
SWEEP = [(kernel, stride, size) for kernel in range(1, 6) for stride in range(1, 4) for size in range(4, 8)]
draw = np.random.RandomState(ex.seed)
ways = {}
for kernel, stride, size in dict.fromkeys(NAMED + SWEEP):
    small = math.ceil(size / stride)
    value = tf.constant(draw.randn(1, small, small, 3), tf.float32)
    weights = tf.constant(draw.randn(kernel, kernel, 2, 3), tf.float32)
    ways[kernel, stride, size] = [
        tf.nn.conv2d_transpose(value, weights, [1, size, size, 2], strides=[1, stride, stride, 1], padding="SAME"),
        four_steps(value, weights, stride, size),
        book_steps(value, weights, stride, size),
    ]

# %% A transposed convolution learns: to make each element a 2×2 block
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 4, 4, 1])
    target = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
    learned = tf.Variable(tf.truncated_normal([2, 2, 1, 1], stddev=0.5, seed=ex.seed))
    output = tf.nn.conv2d_transpose(x, learned, tf.shape(target), strides=[1, 2, 2, 1], padding="SAME")
    loss = tf.reduce_mean(tf.square(output - target))
    train = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(loss)

# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    values, kernel = sess.run([{"conv": conv, "cons": cons, "contv": contv, "conts": conts}, filter])
    print("conv:\n", values["conv"], "\nits filter:\n", kernel)
    for name in ("cons", "contv", "conts"):
        print(f"{name}:\n", values[name])
    picture, back = sess.run([img, gradient])
    print("the gradient of the convolution:\n", back[0, :, :, 0])

    matches, book_matches = {}, {}
    for case, (right, ours, books) in sess.run(ways).items():
        matches[case] = bool(np.allclose(right, ours, atol=1e-5))
        book_matches[case] = bool(np.allclose(right, books, atol=1e-5))

    try:  # a 5×5 picture would have given 3×3; how the error is called hangs on the machine's kernels
        impossible = tf.nn.conv2d_transpose(cons, filter, [1, 5, 5, 1], strides=[1, 2, 2, 1], padding="SAME")
        refused = f"no: {sess.run(impossible).shape}"
    except (ValueError, tf.errors.OpError) as error:
        refused = True
        print(f"output_shape 5×5 of a 2×2 value: {type(error).__name__}")

    before = sess.run(learned)
    for step in ex.progress(range(ex.steps), unit="step"):
        _, cost = sess.run([train, loss], {x: draw.randn(16, 4, 4, 1)})
        if step % 20 == 0 or step == ex.steps - 1:
            ex.record(step + 1, loss=cost)
    after = sess.run(learned)

print("(kernel, stride, size)   corrected padding   the book's padding")
for case in NAMED:
    print(f"{case!s:24} {'equal' if matches[case] else 'differs':19} {'equal' if book_matches[case] else 'differs'}")
print("a kernel that learns to enlarge:", before.ravel(), "→", after.ravel())

# %% Results
ex.report("shape of conv", conv.shape.as_list(), book=[1, 2, 2, 1])
ex.report("shape of cons", cons.shape.as_list(), book=[1, 2, 2, 1])
for name, book in (("conv", BOOK_CONV), ("cons", BOOK_CONV), ("contv", BOOK_CONVT), ("conts", BOOK_CONVT)):
    ex.report(name, values[name][0], book=book)
ex.report("contv is the gradient of conv", bool(np.array_equal(values["contv"], back)))
ex.report("contv brings the picture back", bool(np.array_equal(values["contv"], picture)))
for case in NAMED:
    ex.report(f"corrected padding, {case}", matches[case])
    ex.report(f"the book's padding, {case}", book_matches[case])
ex.report(f"corrected padding, cases of {len(SWEEP)}", sum(matches[case] for case in SWEEP))
ex.report(f"the book's padding, cases of {len(SWEEP)}", sum(book_matches[case] for case in SWEEP))
ex.report("output_shape 5×5 of a 2×2 value is refused", refused)
ex.report("learning: loss, first and last step", [ex.history["loss"][0][1], ex.history["loss"][-1][1]])
ex.report("learning: kernel", after[:, :, 0, 0])
ex.finish()
