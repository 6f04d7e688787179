"""Section 8.2 · Convolution and pooling by hand (卷积操作、池化层)

Book:      intro 8.1–8.3, figures 8-1 to 8-6
Data:      tiny matrices in the script
Shows:     how many weights dense layers need for pictures; a Sobel kernel, the stride, narrow, same and full
           convolution, channels and pooling, each worked out by hand beside TensorFlow; how pooling sends the error
           back
Departs:   the exact counts stand beside the book's rounded ones; each input channel has a kernel of its own (the text:
           the same for all); an average counts the zeros of the picture (the text: only what is not zero); a transposed
           convolution is a full one at stride 1 with VALID only; RGB is red, green and blue (the text: yellow)
Time:      4 s on 2 CPU cores
"""

from itertools import pairwise

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% 8.1 What a fully connected net costs
layers = [28 * 28, 256, 256, 10]
mnist_weights = sum(one * other for one, other in pairwise(layers))
mnist_biases = sum(layers[1:])
print(f"MNIST, {' → '.join(map(str, layers))}: {mnist_weights:,} weights and {mnist_biases} biases")
grey_weights, colour_weights = 1000 * 1000 * 256, 1000 * 1000 * 3 * 256
print(f"1000×1000 pixels into 256 nodes: grey {grey_weights:,} weights (the book: about 200,000,000),")
print(f"  in colour {colour_weights:,} (the book: about 600,000,000)")

# The book: with sigmoids the error comes back through some 4 to 6 layers. The slope of each is 1/4 at most.
layer = source = tf.constant(0.0)
slopes = []
for _ in range(6):
    layer = tf.sigmoid(layer)
    slopes.append(tf.gradients(layer, source)[0])


# %% 8.2 A kernel by hand: windows × kernel, summed
def convolve(picture, kernel, stride=1):
    """Return the narrow convolution of two matrices, as the figures do it: the kernel is not turned round."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)[::stride, ::stride]
    return np.einsum("ijkl,kl->ij", windows, kernel)


def conv2d(picture, kernel, stride=1, padding="VALID"):
    """Return TensorFlow's convolution of two matrices."""
    picture = tf.constant(picture[None, :, :, None], tf.float32)
    kernel = tf.constant(kernel[:, :, None, None], tf.float32)
    return tf.nn.conv2d(picture, kernel, strides=[1, stride, stride, 1], padding=padding)[0, :, :, 0]


# Sobel: the weights are known beforehand. A white bar on black gives its left edge and its right edge.
sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
bar = np.zeros([5, 8])
bar[:, 3:5] = 10
sobel_by_tf = conv2d(bar, sobel, padding="SAME")
sobel_by_hand = convolve(np.pad(bar, 1), sobel)


def normalised(picture):
    """Bring the values of the whole picture to 0 … 255 for the screen; a picture of one value becomes 0."""
    spread = picture.max() - picture.min()
    return (picture - picture.min()) / (spread or 1) * 255


# %% Figure 8-5: stride 1 and stride 2
picture = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
figure_8_5 = [conv2d(picture, kernel), conv2d(picture, kernel, stride=2)]
window = picture[:3, :3]
print("figure 8-5, first element:", " + ".join(f"{p}·{k}" for p, k in zip(window.flat, kernel.flat, strict=True)))

# %% Narrow, same and full convolution
# The sides: (N1 − N2)/S + 1, N1 and N1 + N2 − 1. A full convolution is a narrow one of the picture with N2 − 1 zeros
# round it.
N1, N2 = len(picture), len(kernel)
kinds = [
    conv2d(picture, kernel),
    conv2d(picture, kernel, padding="SAME"),
    conv2d(np.pad(picture, N2 - 1), kernel),
]
side_rule = [(N1 - N2) // 1 + 1, N1, N1 + N2 - 1]


# The book calls the full convolution a deconvolution. tf.nn.conv2d_transpose with VALID at stride 1 makes one, with the
# kernel turned round (a convolution in the sense of mathematics); at stride 2 it makes something larger.
def conv2d_transpose(picture, kernel, stride):
    picture = tf.constant(picture[None, :, :, None], tf.float32)
    kernel = tf.constant(kernel[:, :, None, None], tf.float32)
    side = (picture.shape[1] - 1) * stride + kernel.shape[0]
    return tf.nn.conv2d_transpose(picture, kernel, [1, side, side, 1], [1, stride, stride, 1], "VALID")[0, :, :, 0]


full_of_ones = conv2d_transpose(np.ones([3, 3]), np.ones([2, 2]), 1)
uneven = np.array([[1, 2], [3, 4]])
full_uneven = conv2d(np.pad(picture, 1), uneven[::-1, ::-1])
transposed_uneven = [conv2d_transpose(picture, uneven, stride) for stride in (1, 2)]

# %% Channels: each has a slice of the kernel of its own, and the results are summed
two_channels = np.stack([picture, 2 * picture.T], axis=2)
two_slices = np.stack([kernel, sobel], axis=2)
channels = tf.nn.conv2d(
    tf.constant(two_channels[None], tf.float32),
    tf.constant(two_slices[:, :, :, None], tf.float32),
    strides=[1, 1, 1, 1],
    padding="VALID",
)[0, :, :, 0]
own_slices = convolve(two_channels[..., 0], kernel) + convolve(two_channels[..., 1], sobel)
same_for_all = convolve(two_channels[..., 0], kernel) + convolve(two_channels[..., 1], kernel)

# %% 8.3 Pooling, and the error on its way back
pool_input = tf.constant([[1.0, 0, 2, 4], [3, 0, 8, 6], [0, 0, 1, 5], [0, 8, 7, 2]])
error = tf.constant([[10.0, 20], [30, 40]])
as_batch = tf.reshape(pool_input, [1, 4, 4, 1])
maxima = tf.nn.max_pool(as_batch, [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")
averages = tf.nn.avg_pool(as_batch, [1, 2, 2, 1], [1, 2, 2, 1], padding="VALID")
max_back = tf.gradients(maxima, pool_input, grad_ys=tf.reshape(error, [1, 2, 2, 1]))[0]
average_back = tf.gradients(averages, pool_input, grad_ys=tf.reshape(error, [1, 2, 2, 1]))[0]

# %% Run and print
with ex.session() as sess:
    slopes = sess.run(slopes)
    edges, (stride_1, stride_2), (narrow, same, full) = sess.run([sobel_by_tf, figure_8_5, kinds])
    ones_full, uneven_full, uneven_transposed = sess.run([full_of_ones, full_uneven, transposed_uneven])
    summed = sess.run(channels)
    pooled_max, pooled_average, back_max, back_average = sess.run(
        [maxima[0, :, :, 0], averages[0, :, :, 0], max_back, average_back]
    )
    pooled_from, errors = sess.run([pool_input, error])

print("slope through 1 … 6 sigmoids:", np.array2string(np.array(slopes), precision=6, suppress_small=True))
print(f"Sobel on a bar:\n{edges}\nfor the screen:\n{normalised(edges).astype(np.uint8)}")
print(f"figure 8-5, stride 1:\n{stride_1}\nstride 2:\n{stride_2}")
print(f"narrow {narrow.shape}, same {same.shape}, full {full.shape}:\n{full}")
print(f"full convolution of 3×3 ones with 2×2 ones:\n{ones_full}")
shapes = " and ".join(str(one.shape) for one in uneven_transposed)
print(f"full convolution with a 2×2 kernel {uneven_full.shape}; transposed with stride 1 and 2: {shapes}")
print(f"two channels summed:\n{summed}\nwith one kernel for all it were\n{same_for_all}")
print(f"pooling of\n{pooled_from}\nmaxima:\n{pooled_max}\naverages:\n{pooled_average}")
print(f"the error\n{errors}\nback through the maxima:\n{back_max}\nback through the averages:\n{back_average}")

# %% Results
ex.report("MNIST 784-256-256-10: weights", mnist_weights, book=28 * 28 * 256 + 256 * 256 + 256 * 10)
ex.report("MNIST 784-256-256-10: biases", mnist_biases, book=256 + 256 + 10)
ex.report("1000×1000 grey into 256: weights (rounded in the book)", grey_weights, book=200_000_000)
ex.report("1000×1000 colour into 256: weights (rounded in the book)", colour_weights, book=600_000_000)
ex.report("slope through 6 sigmoids, at most 1/4 each", slopes[-1])
ex.report("Sobel by hand is TensorFlow's", bool(np.array_equal(edges, sobel_by_hand)))
ex.report("figure 8-5: first two elements, stride 1", stride_1[0, :2], book=[4, 3])
ex.report("figure 8-5: shape at stride 2", stride_2.shape, book=[2, 2])
ex.report("figure 8-5: stride 1", stride_1)
ex.report("figure 8-5: stride 2", stride_2)
ex.report("figure 8-5 by hand", bool(np.array_equal(stride_1, convolve(picture, kernel))))
ex.report("sides of narrow, same, full", [len(narrow), len(same), len(full)])
ex.report("the rule's sides", side_rule)
ex.report("full: 3×3 ones with 2×2 ones", ones_full)
ex.report("transposed at stride 1 is full", bool(np.array_equal(uneven_full, uneven_transposed[0])))
ex.report("transposed at stride 2 is full", bool(np.array_equal(uneven_full, uneven_transposed[1])))
ex.report("channels: a slice for each, summed", bool(np.array_equal(summed, own_slices)))
ex.report("channels: one kernel for all", bool(np.array_equal(summed, same_for_all)))
ex.report("Sobel for the screen, row 1", normalised(edges)[1].astype(np.uint8))
ex.report("a picture of one value for the screen", float(normalised(np.full([2, 2], 7.0)).max()))
ex.report("max-pooling sends the error to the winner", back_max)
ex.report("average pooling spreads the error", back_average)
ex.report("average of 0, 0, 0 and 8", pooled_average[1, 0])
ex.finish()
