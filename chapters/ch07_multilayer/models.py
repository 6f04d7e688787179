"""The network of 7.4: two inputs, one hidden ReLU layer, one output that examples 32 to 36 regularise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from utils.tf1 import tf


@dataclass(frozen=True)
class XorNetwork:
    """The nodes: `layer_1` [n, n_hidden], `y_pred` [n, 1], and the variables by the book's keys ``h1`` and ``h2``."""

    weights: dict[str, Any]
    biases: dict[str, Any]
    layer_1: Any
    y_pred: Any


def xor_network(x: Any, n_hidden: int, seed: int, *, drop: Callable[[Any], Any] | None = None) -> XorNetwork:
    """Build 2 → `n_hidden` → 1 on the points `x` [n, 2] in the default graph and return its nodes.

    It is the network of example 30 (weights from a truncated normal of stddev 0.1, biases zero) with the output of
    listing 7-8, a leaky ReLU. Networks of one size and one `seed` start from the same weights, so that what is
    compared is not the start. `drop` is what happens to the hidden layer on its way to the output layer (7.4.7).
    """
    weights = {
        "h1": tf.Variable(tf.truncated_normal([2, n_hidden], stddev=0.1, seed=seed), name="h1"),
        "h2": tf.Variable(tf.truncated_normal([n_hidden, 1], stddev=0.1, seed=seed + 1), name="h2"),
    }
    biases = {
        "h1": tf.Variable(tf.zeros([n_hidden]), name="b1"),
        "h2": tf.Variable(tf.zeros([1]), name="b2"),
    }
    layer_1 = tf.nn.relu(tf.matmul(x, weights["h1"]) + biases["h1"])
    kept = drop(layer_1) if drop else layer_1
    z = tf.matmul(kept, weights["h2"]) + biases["h2"]
    return XorNetwork(weights, biases, layer_1, tf.maximum(z, 0.01 * z))
