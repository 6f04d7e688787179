"""The CIFAR-10 network of chapter 8, which example 44 writes out, with room for the variations in 52, 53 and 54.

    x [b, 24, 24, 3] → conv1 5×5, 64 → pool → [12, 12, 64] → second block → pool → [6, 6, …] → conv3 5×5, 10
    → average over the 6×6 places → class scores [b, 10]

The digits of MNIST, [b, 28, 28, 1], go through the same layers; their last average is over 7×7 places.

The book lets conv3 go through a ReLU before the average. That can switch a class off for good, because a score that is
nowhere positive gets no gradient; here the scores are left as they are.
"""

import numpy as np

from utils.tf1 import tf


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv2d(x, W):
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding="SAME")


def max_pool_2x2(x):
    return tf.nn.max_pool2d(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def global_avg_pool(x):
    """Return the mean [b, 1, 1, channels] over all places of x (the book's avg_pool_6x6 where x is 6×6)."""
    side = x.shape[1].value
    return tf.nn.avg_pool2d(x, ksize=[1, side, side, 1], strides=[1, side, side, 1], padding="SAME")


def convolution(x, height, width, channels):
    """Return x convolved with new weights [height, width, in, channels], plus a bias; stride 1, SAME."""
    W = weight_variable([height, width, x.shape[-1].value, channels])
    return tf.nn.bias_add(conv2d(x, W), bias_variable([channels]))


def plain(h):
    """The second block of example 44: one 5×5 convolution."""
    return tf.nn.relu(convolution(h, 5, 5, 64))


def average_head(h_pool2):
    """Return the class scores [b, 10] from [b, 6, 6, channels]: conv3 with ten channels, averaged over the places."""
    return tf.reshape(global_avg_pool(convolution(h_pool2, 5, 5, 10)), [-1, 10])


def dense_head(h_pool2, units=256):
    """Return the class scores [b, 10] by two fully connected layers (exercise 8.5.10, listing 8-11)."""
    flat = tf.reshape(h_pool2, [-1, int(np.prod(h_pool2.shape.as_list()[1:]))])
    hidden = tf.nn.relu(tf.matmul(flat, weight_variable([flat.shape[1].value, units])) + bias_variable([units]))
    return tf.matmul(hidden, weight_variable([units, 10])) + bias_variable([10])


def network(x, second_block=plain, after_conv1=tf.nn.relu, head=average_head):
    """Return the class scores [b, 10] of pictures x [b, 24, 24, 3].

    `second_block` maps [b, 12, 12, 64] to [b, 12, 12, channels]; `after_conv1` is applied to the first convolution.
    """
    h_pool1 = max_pool_2x2(after_conv1(convolution(x, 5, 5, 64)))
    h_pool2 = max_pool_2x2(second_block(h_pool1))
    return head(h_pool2)


def loss(logits, labels):
    """Return the mean cross-entropy in nats of scores [b, 10] for integer labels [b].

    The book sums over the batch; Adam takes the same steps for a loss that is 128 times as large.
    """
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def accuracy(logits, labels):
    """Return the share of pictures whose highest score is their label's."""
    hits = tf.equal(tf.argmax(logits, 1, output_type=tf.int32), tf.cast(labels, tf.int32))
    return tf.reduce_mean(tf.cast(hits, tf.float32))


def trainable_parameters():
    """Return how many numbers the default graph trains."""
    return int(sum(np.prod(v.shape.as_list()) for v in tf.trainable_variables()))
