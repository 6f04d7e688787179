"""AttGAN (He et al., "AttGAN: Facial Attribute Editing by Only Changing What You Want", 2017) of projects 55 and 56.

Pictures are [n, size, size, 3] with values from −1 to 1; the labels that the decoder gets are [n, attributes], −0.5 for
an attribute that a face does not have and 0.5 for one that it has.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.tf1 import tf

MOST = 1024  # channels of a layer, and the size of the critic's hidden layer in the book


def widths(dim: int, layers: int) -> list[int]:
    """Return the channels of the encoder's and the critic's layers: `dim`, doubled from layer to layer."""
    return [min(dim * 2**layer, MOST) for layer in range(layers)]


def batch_norm(x: Any, training: bool, momentum: float) -> Any:
    """Return `x` normalised over the batch, or with moving averages of that `momentum` where not `training`."""
    return tf.layers.batch_normalization(x, momentum=momentum, training=training)


def instance_norm(x: Any) -> Any:
    """Return `x` [n, h, w, c], each channel of each picture normalised by itself, then scaled and shifted."""
    with tf.variable_scope(None, "instance_norm"):
        gamma = tf.get_variable("gamma", x.shape[-1:], initializer=tf.ones_initializer())
        beta = tf.get_variable("beta", x.shape[-1:], initializer=tf.zeros_initializer())
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-6)


def Genc(x: Any, dim: int, layers: int, training: bool = True, momentum: float = 0.99) -> list[Any]:
    """Encode pictures: return what each layer sees, [n, size / 2, …] down to [n, size / 2**layers, …]."""
    found = []
    with tf.variable_scope("Genc", reuse=tf.AUTO_REUSE):
        for layer, channels in enumerate(widths(dim, layers)):
            with tf.variable_scope(f"layer{layer}"):
                x = tf.layers.conv2d(x, channels, 4, 2, "same", use_bias=False)
                x = tf.nn.leaky_relu(batch_norm(x, training, momentum))
            found.append(x)
    return found


def Gdec(
    features: list[Any],
    labels: Any,
    dim: int,
    shortcut: int,
    inject: int,
    training: bool = True,
    momentum: float = 0.99,
) -> Any:
    """Draw pictures from the `features` that Genc gave and the `labels` to show: [n, size, size, 3].

    The labels are laid over the whole bottleneck as planes of their own, and again after the first `inject` layers.
    After the first `shortcut` layers the encoder's features of the same size are set beside the decoder's.
    """
    layers = len(features)

    def with_labels(x: Any) -> Any:
        planes = tf.tile(labels[:, None, None, :], [1, x.shape[1], x.shape[2], 1])
        return tf.concat([x, planes], axis=3)

    with tf.variable_scope("Gdec", reuse=tf.AUTO_REUSE):
        x = with_labels(features[-1])
        for layer in range(layers - 1):
            with tf.variable_scope(f"layer{layer}"):
                channels = min(dim * 2 ** (layers - 1 - layer), MOST)
                x = tf.layers.conv2d_transpose(x, channels, 4, 2, "same", use_bias=False)
                x = tf.nn.relu(batch_norm(x, training, momentum))
            if layer < shortcut:
                x = tf.concat([x, features[layers - 2 - layer]], axis=3)
            if layer < inject:
                x = with_labels(x)
        with tf.variable_scope(f"layer{layers - 1}"):
            return tf.nn.tanh(tf.layers.conv2d_transpose(x, 3, 4, 2, "same"))


def D(x: Any, attributes: int, dim: int, layers: int, fc_dim: int, norm: str) -> tuple[Any, Any]:
    """Judge pictures with two heads on one trunk: how real each is [n], and the logits [n, attributes].

    `norm`: "instance" or "none". Batch norm would couple the pictures, and the gradient penalty is of each by itself.
    """
    with tf.variable_scope("D", reuse=tf.AUTO_REUSE):
        for layer, channels in enumerate(widths(dim, layers)):
            with tf.variable_scope(f"layer{layer}"):
                x = tf.layers.conv2d(x, channels, 4, 2, "same", use_bias=norm == "none")
                x = tf.nn.leaky_relu(instance_norm(x) if norm == "instance" else x)
        x = tf.layers.flatten(x)
        outputs = []
        for head, size in (("gan", 1), ("att", attributes)):
            with tf.variable_scope(head):
                hidden = tf.layers.dense(x, fc_dim, tf.nn.leaky_relu)
                outputs.append(tf.layers.dense(hidden, size))
        return outputs[0][:, 0], outputs[1]


def gradient_penalty(score: Callable[[Any], Any], real: Any, fake: Any, mix: Any) -> Any:
    """Return the mean of (|gradient| − 1)² of `score` [n] at ``real + mix · (fake − real)``, a number.

    `mix`: [n], from 0 to 1. (Gulrajani et al., "Improved Training of Wasserstein GANs", 2017.) 1e-12 stands under the
    root, whose derivative at 0 is not finite.
    """
    between = real + mix[:, None, None, None] * (fake - real)
    gradient = tf.gradients(score(between), between)[0]
    slope = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]) + 1e-12)
    return tf.reduce_mean(tf.square(slope - 1))


def size_of(*scopes: str) -> int:
    """Return the number of trainable parameters in the `scopes`."""
    return sum(v.shape.num_elements() for scope in scopes for v in tf.trainable_variables(f"{scope}/"))


class Editor:
    """A trained AttGAN that edits pictures: the graph of encoder and decoder for use, and the critic's two heads.

    `settings`: those of project 55 (size, dim, layers, …).
    """

    def __init__(self, settings: dict[str, Any], attributes: int) -> None:
        dim, layers = settings["dim"], settings["layers"]
        self.pictures = tf.placeholder(tf.float32, [None, settings["size"], settings["size"], 3], name="xa_sample")
        self.labels = tf.placeholder(tf.float32, [None, attributes], name="b_sample")
        features = Genc(self.pictures, dim, layers, training=False)
        self.edited = Gdec(features, self.labels, dim, settings["shortcut"], settings["inject"], training=False)
        _, self.attributes = D(self.pictures, attributes, dim, layers, settings["fc_dim"], settings["critic_norm"])

    def edit(self, sess: Any, pictures: np.ndarray, labels: np.ndarray, batch: int = 256) -> np.ndarray:
        """Return `pictures` with the attributes `labels`: float32 [n, size, size, 3] in [−1, 1]."""
        parts = [slice(first, first + batch) for first in range(0, len(pictures), batch)]
        return np.concatenate(
            [sess.run(self.edited, {self.pictures: pictures[part], self.labels: labels[part]}) for part in parts]
        )

    def seen(self, sess: Any, pictures: np.ndarray) -> np.ndarray:
        """Return which attributes the critic sees in the `pictures`: int64 [n, attributes], 0 or 1."""
        return (sess.run(self.attributes, {self.pictures: pictures}) > 0).astype(np.int64)
