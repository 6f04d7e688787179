"""The networks of chapter 15: LeNet of the post, and the two that play against each other in example 60.

Each is a function from pictures to logits. Called again it shares its weights, so it can be handed to cleverhans,
whose attacks call it as often as they need.
"""

import numpy as np

from utils.tf1 import tf

MEAN, STD = 0.1307, 0.3081  # of the pixels of MNIST's training pictures


def lenet(pixels, name="lenet"):
    """Return LeNet's logits [b, 10] for `pixels`, [b, 784] in [0, 1]: 61,706 weights (LeCun et al., 1998).

    The normalisation is a part of the network: an attack then counts in grey levels, 1 from black to white.
    """
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        net = (tf.reshape(pixels, [-1, 28, 28, 1]) - MEAN) / STD
        net = tf.layers.conv2d(net, 6, 5, padding="same", activation=tf.nn.relu, name="conv1")
        net = tf.layers.max_pooling2d(net, 2, 2, name="pool1")
        net = tf.layers.conv2d(net, 16, 5, padding="valid", activation=tf.nn.relu, name="conv2")
        net = tf.layers.max_pooling2d(net, 2, 2, name="pool2")
        net = tf.layers.flatten(net)
        net = tf.layers.dense(net, 120, activation=tf.nn.relu, name="fc1")
        net = tf.layers.dense(net, 84, activation=tf.nn.relu, name="fc2")
        return tf.layers.dense(net, 10, name="fc3")


def oracle(pixels, filters, name="oracle"):
    """Return the logits [b, 10] of the attacked network (cleverhans' ModelBasicCNN) for `pixels`, [b, 784] in [0, 1].

    The initial weights are normal with variance 1 / fan-in: the listing calls them He normal, whose variance is 2 /
    fan-in.
    """
    start = tf.variance_scaling_initializer(1.0, distribution="untruncated_normal")
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        net = tf.reshape(pixels, [-1, 28, 28, 1])
        conv = {"activation": tf.nn.relu, "kernel_initializer": start}
        net = tf.layers.conv2d(net, filters, 8, strides=2, padding="same", name="conv1", **conv)
        net = tf.layers.conv2d(net, 2 * filters, 6, strides=2, padding="valid", name="conv2", **conv)
        net = tf.layers.conv2d(net, 2 * filters, 5, strides=1, padding="valid", name="conv3", **conv)
        return tf.layers.dense(tf.layers.flatten(net), 10, kernel_initializer=start, name="logits")


def substitute(pixels):
    """Return the logits [b, 10] of the attacker's network 784 → 200 → 200 → 10 for `pixels`, [b, 784] in [0, 1]."""
    start = tf.variance_scaling_initializer(1.0, distribution="untruncated_normal")
    with tf.variable_scope("substitute", reuse=tf.AUTO_REUSE):
        net = tf.layers.dense(pixels, 200, activation=tf.nn.relu, kernel_initializer=start, name="fc1")
        net = tf.layers.dense(net, 200, activation=tf.nn.relu, kernel_initializer=start, name="fc2")
        return tf.layers.dense(net, 10, kernel_initializer=start, name="logits")


def variables(name):
    """Return the trainable variables of the network `name`."""
    return tf.trainable_variables(f"{name}/")


def in_batches(run, *arrays, size=1000):
    """Return what `run` returns for the `arrays`, `size` rows at a time, joined: an array, or a list of arrays."""
    parts = [run(*(array[i : i + size] for array in arrays)) for i in range(0, len(arrays[0]), size)]
    if isinstance(parts[0], list | tuple):
        return [np.concatenate(column) for column in zip(*parts, strict=True)]
    return np.concatenate(parts)
