"""Graph pieces of the super-resolution examples 93 to 96: what shrinks and enlarges, the book's measures, a network."""

import math
from typing import Any

from utils.tf1 import tf


def shrink(images: Any, factor: int, how: str) -> Any:
    """Return pictures [b, h, w, c] at 1/`factor` of their edges.

    `how`: ``"book"`` is TensorFlow 1's bilinear resize, which for a whole factor takes every `factor`-th pixel of every
    `factor`-th row and leaves the others out (its bicubic one does the same); ``"area"`` takes the mean of each square.
    """
    size = tf.shape(images)[1:3] // factor
    return tf.image.resize_bilinear(images, size) if how == "book" else tf.image.resize_area(images, size)


def enlarge(smalls: Any, factor: int, how: str) -> dict[str, Any]:
    """Return what the three classical methods make of pictures [b, h, w, c] at `factor` times their edges.

    `how` is that of `shrink`: a pixel that was one of the original's stands in the corner of its square, a mean of them
    in its middle.
    """
    size = tf.shape(smalls)[1:3] * factor
    middle = {"half_pixel_centers": how != "book"}
    return {
        "nearest": tf.image.resize_nearest_neighbor(smalls, size, **middle),
        "bilinear": tf.image.resize_bilinear(smalls, size, **middle),
        "bicubic": tf.image.resize_bicubic(smalls, size, **middle),
    }


# The book's measures (listing 12-7). `dbatch`: [2b, h, w, c], values 0 to 255, the originals before the enlarged ones.


def batch_mse_psnr(dbatch: Any) -> tuple[Any, Any]:
    """Return the mean MSE and the mean PSNR in dB, each taken picture by picture and channel by channel."""
    original, enlarged = tf.split(dbatch, 2)
    mse = tf.reduce_mean(tf.square(enlarged - original), axis=[1, 2])
    return tf.reduce_mean(mse), tf.reduce_mean(20 * math.log10(255) - 10 / math.log(10) * tf.log(mse))


def batch_y_psnr(dbatch: Any) -> Any:
    """Return the mean PSNR of the brightness y = 0.3 R + 0.59 G + 0.11 B."""
    y = tf.tensordot(dbatch, tf.constant([0.3, 0.59, 0.11]), 1)
    return batch_mse_psnr(y[..., tf.newaxis])[1]


def batch_ssim(dbatch: Any) -> Any:
    """Return the mean SSIM over one window as large as the picture, channel by channel.

    The usual SSIM (Wang et al., 2004) is the mean over many small windows and is lower.
    """
    original, enlarged = tf.split(dbatch, 2)
    pixels = tf.cast(tf.reduce_prod(tf.shape(original)[1:3]), tf.float32)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_1, mean_2 = (tf.reduce_mean(half, axis=[1, 2], keepdims=True) for half in (original, enlarged))
    off_1, off_2 = original - mean_1, enlarged - mean_2
    mean_1, mean_2 = (tf.squeeze(mean, [1, 2]) for mean in (mean_1, mean_2))
    var_1, var_2, cov = (
        tf.reduce_sum(product, axis=[1, 2]) / (pixels - 1) for product in (off_1**2, off_2**2, off_1 * off_2)
    )
    ssim = (2 * mean_1 * mean_2 + c1) * 2 * (cov + c2 / 2) / ((mean_1**2 + mean_2**2 + c1) * (var_1 + var_2 + c2))
    return tf.reduce_mean(ssim)


def leaky_relu(x: Any) -> Any:
    """Return `x` where it is positive and a tenth of it elsewhere."""
    return tf.nn.leaky_relu(x, 0.1)


def residual_espcn(smalls: Any, blocks: int, training: Any, *, from_zero: bool = False) -> Any:
    """Return pictures at four times the edges: [b, h, w, 3] → [b, 4h, 4w, 3], both in 0 to 1 (the output a bit beyond).

    The residual ESPCN of listing 12-8, `blocks` of two convolutions each. `training`: whether batch norm takes the
    batch's statistics; its running means are updated by the ops in ``tf.GraphKeys.UPDATE_OPS``. `from_zero`: the last
    layer starts at 0.
    """

    def conv_norm(net: Any) -> Any:
        net = tf.layers.conv2d(net, 64, 3, padding="same", use_bias=False)
        return leaky_relu(tf.layers.batch_normalization(net, momentum=0.95, training=training, scale=False))

    with tf.variable_scope("generator"):
        net = first = tf.layers.conv2d(smalls, 64, 5, padding="same", activation=leaky_relu)
        for _ in range(blocks):
            net = net + conv_norm(conv_norm(net))
        net = conv_norm(net) + first
        for _ in range(2):  # two enlargements by 2
            net = leaky_relu(tf.depth_to_space(tf.layers.conv2d(net, 256, 3, padding="same"), 2))
        start = tf.zeros_initializer() if from_zero else None
        return tf.layers.conv2d(net, 3, 3, padding="same", kernel_initializer=start)


def discriminator(pictures: Any) -> Any:
    """Judge pictures [b, h, w, 3] in 0 to 1: [b, h/16, w/16, 1], each place between 0 (made) and 1 (real).

    Listing 12-9. Its fully connected layers act on each place of the map by itself, so it judges patches. Batch norm
    takes the batch's statistics always: real and made pictures go through it apart.
    """

    def dense(net: Any, units: int, activation: Any) -> Any:
        return tf.layers.dense(net, units, activation=activation)

    with tf.variable_scope("Discriminator", reuse=tf.AUTO_REUSE):
        net = tf.layers.conv2d(pictures * 2 - 1, 64, 1, padding="same", activation=leaky_relu)
        for channels, stride in ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2)):
            net = tf.layers.conv2d(net, channels, 3, stride, padding="same", use_bias=False)
            net = leaky_relu(tf.layers.batch_normalization(net, training=True, scale=False))
        return dense(dense(net, 1024, leaky_relu), 1, tf.nn.sigmoid)
