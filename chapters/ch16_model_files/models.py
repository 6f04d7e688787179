"""The linear regression y ≈ 2x whose files this chapter writes, reads and converts: p61, p62, p12.1.3, p12.1.5."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.tf1 import tf


@dataclass(frozen=True)
class Line:
    """The nodes of z = X · W + b. X, Y: placeholders; W, b: variables [1]; z: as X; `optimizer` makes one step."""

    X: Any
    Y: Any
    W: Any
    b: Any
    z: Any
    cost: Any
    global_step: Any
    optimizer: Any


def linear_regression(learning_rate: float = 0.01, momentum: float = 0.0, shape: Sequence[int | None] | None = None):
    """Build the book's graph in the default graph and return its nodes, a `Line`.

    `shape`: of the placeholders, None for any. `momentum` above 0 takes a MomentumOptimizer, which keeps two more
    variables. The nodes have the names that TensorFlow gives: Placeholder, Placeholder_1, weight, bias, Mul, add,
    Mean, global_step and GradientDescent (or Momentum).
    """
    X = tf.placeholder(tf.float32, shape)
    Y = tf.placeholder(tf.float32, shape)
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")
    z = tf.multiply(X, W) + b
    cost = tf.reduce_mean(tf.square(Y - z))
    global_step = tf.Variable(0, name="global_step", trainable=False)
    if momentum:
        descent = tf.train.MomentumOptimizer(learning_rate, momentum)
    else:
        descent = tf.train.GradientDescentOptimizer(learning_rate)
    return Line(X, Y, W, b, z, cost, global_step, descent.minimize(cost, global_step))


def one_epoch(sess: Any, model: Line, train_X: np.ndarray, train_Y: np.ndarray) -> None:
    """Train `model` on the points (`train_X`, `train_Y`), both [n], one after the other."""
    train = sess.make_callable(model.optimizer, [model.X, model.Y])
    whole = model.X.shape.rank is None  # else [None]: a point is a vector of one number
    for x, y in zip(train_X, train_Y, strict=True):
        train(*((x, y) if whole else ([x], [y])))
