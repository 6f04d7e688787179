"""What examples 72 and 73 do with their encoder–decoder: loss, training step, forecasts, and windows to cut."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.tf1 import tf


class Forecaster:
    """The loss and the forecasts of a network that reads `seq_length` values and continues them by as many.

    `encoder_input`, `decode_input`, `expected_output`: lists of placeholders [batch, dim]. `taught`, `own`: lists of
    predictions [batch, dim], the first with true values as the decoder's input, the second with its own. `l2`: weight
    of the L2 term, which takes every trainable variable but those whose name holds ``fully_connected``.
    """

    def __init__(self, placeholders: Sequence[list], taught: list, own: list, learning_rate: float, l2: float) -> None:
        self.encoder_input, self.decode_input, self.expected_output = placeholders
        self.taught, self.own = taught, own
        recurrent = [v for v in tf.trainable_variables() if "fully_connected" not in v.name]
        self.recurrent_weights = sum(int(np.prod(v.shape)) for v in recurrent)
        self.output_loss = tf.add_n(
            [tf.reduce_mean(tf.square(p - y)) for p, y in zip(taught, self.expected_output, strict=True)]
        )
        self.reg_loss = tf.add_n([tf.nn.l2_loss(v) for v in recurrent])
        self.gate_bias_loss = tf.add_n([tf.nn.l2_loss(v) for v in recurrent if v.op.name.endswith("gates/bias")])
        self.loss = self.output_loss + l2 * self.reg_loss
        self.train_op = tf.train.AdamOptimizer(learning_rate).minimize(self.loss)

    def feed(self, x: np.ndarray, y: np.ndarray) -> dict[Any, np.ndarray]:
        """Return the feed for `x` and `y`, both [seq_length, batch, dim].

        The decoder is given a zero and then the values of `y` but the last.
        """
        shifted = [np.zeros_like(y[0]), *y[:-1]]
        pairs = [(self.encoder_input, x), (self.decode_input, shifted), (self.expected_output, y)]
        return {node: value for nodes, values in pairs for node, value in zip(nodes, values, strict=True)}

    def one_step_ahead(self, sess: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the teacher-forced predictions of `y`: for each step the true values before it are known."""
        return np.stack(sess.run(self.taught, self.feed(x, y)))

    def free_running(self, sess: Any, x: np.ndarray) -> np.ndarray:
        """Return a forecast [seq_length, batch, dim] from `x` alone: each step is fed the prediction before it."""
        start = np.zeros_like(x[0])
        return np.stack(
            sess.run(self.own, dict(zip(self.encoder_input, x, strict=True)) | {self.decode_input[0]: start})
        )

    def sliding(self, sess: Any, past: np.ndarray, future: np.ndarray) -> np.ndarray:
        """Return the last output alone of a window that slides by one step, as the book draws its forecasts.

        Window i gives the encoder `past` [i : i + L] and the decoder `future` [i : i + L − 1] (L is seq_length); its
        last output predicts `future` [i + L − 1]. Both arguments are [2 L, batch, dim], the result [L, batch, dim].
        """
        length, batch = len(self.encoder_input), past.shape[1]
        windows = [np.concatenate([s[i : i + length] for i in range(length)], axis=1) for s in (past, future)]
        last = sess.run(self.taught[-1], self.feed(*windows))
        return last.reshape(length, batch, -1)


def rmse(predicted: np.ndarray, true: np.ndarray) -> float:
    """Return the root of the mean squared difference of two arrays of one shape."""
    return float(np.sqrt(np.mean(np.square(np.asarray(predicted, float) - true))))
