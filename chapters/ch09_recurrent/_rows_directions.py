"""What 63 to 66 measure about their two directions: what the backward cell has read, and whether its memory learns.

TensorFlow returns the backward outputs in the order of the rows. So the backward output at the last position is the
first that the backward cell made, after the bottom row alone; the one after all rows stands at position 0.
"""

from typing import Any

import models
import numpy as np

from utils.data.mnist import Digits
from utils.example import Example
from utils.tf1 import tf


def steps_seen(sess: Any, outputs: list[Any], x: Any, picture: np.ndarray) -> list[list[int]]:
    """Return on which steps of `x` each of `outputs` depends: it changes where that step of the picture is inverted.

    `picture`: [steps, pixels], 0 to 1; `x`: placeholder [batch, steps, pixels]; `outputs`: tensors [batch, …].
    """
    pictures = np.repeat(picture[None], 1 + len(picture), axis=0)  # the picture, and one with each step inverted
    for step in range(len(picture)):
        pictures[1 + step, step] = 1.0 - picture[step]
    rounding = 1e-6
    changed = [abs(values[1:] - values[0]).max(axis=1) > rounding for values in sess.run(outputs, {x: pictures})]
    return [np.flatnonzero(steps).tolist() for steps in changed]


def backward_memory(scope: str, n_hidden: int) -> list[Any]:
    """Return the weights by which the backward LSTM cells in `scope` read their own last output, each [n, 4n]."""
    kernels = [v for v in tf.trainable_variables(scope) if "/bw/" in v.name and v.name.endswith("kernel:0")]
    return [kernel[-n_hidden:] for kernel in kernels]


def unmoved(before: list[np.ndarray], after: list[np.ndarray]) -> int:
    """Return how many weights a training has left exactly where they were."""
    return sum(int((old == new).sum()) for old, new in zip(before, after, strict=True))


def start_alike(source: str, target: str) -> Any:
    """Return the node that sets the weights in scope `target` to those in scope `source`."""
    pairs = zip(tf.trainable_variables(source), tf.trainable_variables(target), strict=True)
    return tf.group(*[tf.assign(there, here) for here, there in pairs])


class TwoReadouts:
    """One bidirectional network, twice: with the classifier at both ends of the sequence, and at its last position.

    `both_ends`, `last_position`: the classifiers, each named like the variable scope of its network. `backward`: of
    each, the backward output that it reads, [batch, hidden].
    """

    def __init__(
        self,
        both_ends: models.RowClassifier,
        last_position: models.RowClassifier,
        backward: tuple[Any, Any],
        n_hidden: int,
    ) -> None:
        self.networks = (both_ends, last_position)
        self.alike = start_alike(last_position.name, both_ends.name)
        self.backward = list(backward)
        self.memories = [backward_memory(network.name, n_hidden) for network in self.networks]

    def train_and_test(self, ex: Example, sess: Any, digits: Digits) -> None:
        """Train both from one start on the same batches, test them, and say what their backward cells have read."""
        sess.run(self.alike)
        before = sess.run(self.memories)
        models.train(ex, sess, digits, *self.networks)
        self.tests = models.test(sess, digits, *self.networks)
        x = self.networks[0].x
        picture = digits.test.images[0].reshape(x.shape.as_list()[1:])
        self.steps = steps_seen(sess, self.backward, x, picture)
        self.still = [unmoved(old, new) for old, new in zip(before, sess.run(self.memories), strict=True)]
        memory = sum(kernel.size for kernel in before[0])
        self.bottom_row = float(digits.train.images[:, -models.COLUMNS :].any(axis=1).mean())
        for network, steps, still in zip(self.networks, self.steps, self.still, strict=True):
            print(f"{network.name}: the backward output depends on the steps {steps}; of its {memory:,} memory weights")
            print(f"    training has left {still:,} untouched")
        print(f"of the training pictures {self.bottom_row:.2%} have a stroke in the bottom row")

    def report(self, ex: Example, book: float | None = None, tolerance: float = 0.0) -> None:
        """Report both tests, `book` being the book's accuracy on 128 pictures, and the difference of the directions."""
        both_ends, last_position = self.networks
        models.report_test(ex, both_ends, self.tests[0])
        models.report_test(ex, last_position, self.tests[1], book, tolerance)
        for name, steps, still in zip(("both ends", "last position"), self.steps, self.still, strict=True):
            ex.report(f"{name}: steps in the backward output", steps)
            ex.report(f"{name}: untouched backward memory weights", still)
        ex.report("training pictures with a stroke in the bottom row", self.bottom_row)
