"""The linear regression of chapter 3, which examples 9, 11, 13 and 20 save, watch and distribute."""

from dataclasses import dataclass
from typing import Any

from utils.tf1 import tf


@dataclass(frozen=True)
class LinearRegression:
    """The nodes of z = X · W + b. X, Y: placeholders of any shape; W, b: variables [1]; z: as X, with [1] for one x."""

    X: Any
    Y: Any
    W: Any
    b: Any
    z: Any
    cost: Any
    optimizer: Any


def linear_regression(learning_rate: float = 0.01, global_step: Any = None) -> LinearRegression:
    """Build the graph of example 1 in the default graph and return its nodes.

    `cost` is the mean squared error of what is fed, `optimizer` takes one step of gradient descent on it and counts
    it in `global_step` where one is given. The variables are named ``weight`` and ``bias``. The other nodes carry no
    name of their own, so that the tags of summaries (example 13 has one called ``z``) stay free.
    """
    X = tf.placeholder(tf.float32)
    Y = tf.placeholder(tf.float32)
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")
    z = tf.multiply(X, W) + b
    cost = tf.reduce_mean(tf.square(Y - z))
    optimizer = tf.train.GradientDescentOptimizer(learning_rate).minimize(cost, global_step=global_step)
    return LinearRegression(X, Y, W, b, z, cost, optimizer)
