"""The fully connected autoencoder of examples 76 and 77, and the two starts that this chapter compares."""

import math
from itertools import pairwise
from typing import Any, NamedTuple

from utils.tf1 import tf


def initial_weights(shape: list[int], start: str) -> Any:
    """Return the first values of a weight matrix of `shape` [inputs, outputs].

    ``"book"``: normal, of standard deviation 1, which drives sigmoids with hundreds of inputs to 0 and 1, where they
    have no slope. ``"glorot"``: uniform in ±4 √(6 / (inputs + outputs)), the range of Glorot and Bengio
    ("Understanding the difficulty of training deep feedforward neural networks", 2010) for tanh, times four because a
    sigmoid's slope at 0 is a quarter of tanh's.
    """
    if start == "book":
        return tf.random_normal(shape)
    limit = 4 * math.sqrt(6 / sum(shape))
    return tf.random_uniform(shape, -limit, limit)


class Autoencoder(NamedTuple):
    """The nodes: `code` [n, widths[-1]], `pred` [n, inputs], values 0 to 1, and the variables by the book's keys."""

    weights: dict[str, Any]
    biases: dict[str, Any]
    code: Any
    pred: Any


def autoencoder(x: Any, widths: list[int], start: str, code_activation: Any = tf.nn.sigmoid) -> Autoencoder:
    """Build inputs → widths[0] → … → widths[-1] → … → widths[0] → inputs on `x` [n, inputs] and return its nodes.

    All layers are sigmoids, but for the last of the encoder, the code, which has `code_activation`. The weights start
    as `initial_weights` says, the biases at 0.
    """
    sizes = [int(x.shape[1]), *widths]
    steps = {f"encoder_{{}}{i}": pair for i, pair in enumerate(pairwise(sizes), start=1)}
    steps |= {f"decoder_{{}}{i}": pair for i, pair in enumerate(pairwise(sizes[::-1]), start=1)}
    weights, biases, layers = {}, {}, [x]
    for number, (name, (inputs, outputs)) in enumerate(steps.items(), start=1):
        weights[name.format("h")] = h = tf.Variable(initial_weights([inputs, outputs], start), name=name.format("h"))
        biases[name.format("b")] = b = tf.Variable(tf.zeros([outputs]), name=name.format("b"))
        activation = code_activation if number == len(widths) else tf.nn.sigmoid
        layers.append(activation(tf.matmul(layers[-1], h) + b))
    return Autoencoder(weights, biases, layers[len(widths)], layers[-1])


def picture_strip(*rows: Any) -> Any:
    """Return `rows` of pictures, each [n, 784], as the one picture [1, rows · 28, n · 28, 1] for ``tf.summary.image``.

    Values are clipped to [0, 1]: the summary would shift the greys of a picture with negative ones.
    """
    strips = [tf.reshape(tf.transpose(tf.reshape(row, [-1, 28, 28]), [1, 0, 2]), [1, 28, -1, 1]) for row in rows]
    return tf.clip_by_value(tf.concat(strips, axis=1), 0, 1)
