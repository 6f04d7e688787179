"""A classifier of attributes that is trained apart and says what AttGAN's edits are worth."""

from typing import Any

import numpy as np

from utils.data.celeba import Part, as_values
from utils.problems import Problem
from utils.tf1 import tf

BATCH = 50  # faces in a training step
LOOK = 500  # faces judged at once
FEWEST = 20  # faces to learn from: where one batch is not full, it is the only one


def shared_out(test: Part, most_measured: int, most_learned: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the `test` faces to edit, and of those that the judge learns from: [n] and [m].

    No face is in both; each gets half of the faces at least where there are few. Problem where the judge would get too
    few to tell anything.
    """
    measured = np.arange(min(most_measured, test.num_examples // 2))
    learned = np.arange(max(len(measured), test.num_examples - most_learned), test.num_examples)
    if len(learned) < FEWEST:
        raise Problem(
            f"the judge of the edits would learn from {len(learned)} of the {test.num_examples} test faces, and needs "
            f"{FEWEST} at least: take more faces, or a larger --judge-faces"
        )
    return measured, learned


class AttributeJudge:
    """A small CNN, pictures → logits of the attributes, in a graph and a session of its own.

    `ex`: the example (session settings, seed). `faces`: the part, and `numbers` the faces in it to learn from, which
    AttGAN must not be trained on. It never sees an edited picture while it is trained.
    """

    def __init__(self, ex: Any, faces: Part, numbers: np.ndarray, epochs: int, rate: float = 0.002) -> None:
        graph = tf.Graph()
        with graph.as_default(), tf.device(ex.device):
            tf.set_random_seed(ex.seed)
            self._pictures = tf.placeholder(tf.float32, [None, faces.size, faces.size, 3])
            labels = tf.placeholder(tf.float32, [None, faces.labels.shape[1]])
            rate_now = tf.placeholder(tf.float32, [])
            net = tf.layers.conv2d(self._pictures, 16, 5, 2, activation=tf.nn.relu)
            net = tf.layers.conv2d(net, 32, 3, 2, activation=tf.nn.relu)
            net = tf.layers.conv2d(net, 64, 3, 2, activation=tf.nn.relu)
            net = tf.layers.dense(tf.layers.flatten(net), 128, tf.nn.relu)
            self._logits = tf.layers.dense(net, faces.labels.shape[1])
            loss = tf.losses.sigmoid_cross_entropy(labels, self._logits)
            train = tf.train.AdamOptimizer(rate_now).minimize(loss)
            start = tf.global_variables_initializer()
        self._session = ex.session(graph)
        self._session.run(start)
        step = self._session.make_callable(train, [self._pictures, labels, rate_now])
        order = np.random.default_rng([ex.seed, 55])  # the example's own generator stays where it is
        for now in np.geomspace(rate, rate / 10, epochs):
            shuffled = order.permutation(numbers)
            for first in range(0, max(0, len(numbers) - BATCH) + 1, BATCH):  # full batches, or all of fewer faces
                chosen = shuffled[first : first + BATCH]
                step(as_values(faces.pictures(chosen)), faces.labels[chosen], now)

    def sees(self, pictures: np.ndarray) -> np.ndarray:
        """Return the attributes that the judge sees in `pictures`, values in [−1, 1]: int64 [n, attributes], 0 or 1."""
        parts = range(0, len(pictures), LOOK)
        logits = [self._session.run(self._logits, {self._pictures: pictures[i : i + LOOK]}) for i in parts]
        return (np.concatenate(logits) > 0).astype(np.int64)

    def accuracy(self, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the judge's share of right answers for each attribute: [attributes]."""
        return (self.sees(pictures) == labels).mean(axis=0)

    def close(self) -> None:
        """End the judge's session."""
        self._session.close()
