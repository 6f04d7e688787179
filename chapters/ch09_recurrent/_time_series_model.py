"""What the three time-series models of section 9.10 have in common: train, evaluate, predict, save, restore.

As in TFTS a forecast goes on from where ``evaluate`` left the model. That state is kept in variables: a Saver saves it
with the weights, and a restored model goes on forecasting without the data.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.data.series import Series
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf


@dataclass(frozen=True)
class Bounds:
    """Normal predictions in the units of the series: `times` [n], `mean` and `sigma` [n, features]."""

    times: np.ndarray
    mean: np.ndarray
    sigma: np.ndarray

    def __add__(self, later: "Bounds") -> "Bounds":
        return Bounds(*(np.concatenate([getattr(self, n), getattr(later, n)]) for n in ("times", "mean", "sigma")))

    def cut(self, steps: int) -> "Bounds":
        return Bounds(self.times[:steps], self.mean[:steps], self.sigma[:steps])


class Model(ABC):
    """A model in a graph and a session of its own. A subclass builds `loss` and says how to feed it.

    `series`: its mean and standard deviation scale the values inside; None for a model that will be restored.
    """

    learning_rate = 0.01

    def __init__(self, ex: Example, features: int, series: Series | None = None, dtype: Any = tf.float32) -> None:
        self.features, self.dtype = features, dtype
        graph = tf.Graph()
        with graph.as_default(), tf.device(ex.device):
            tf.set_random_seed(ex.seed)
            values = np.array([[0.0] * features, [1.0] * features]) if series is None else series.values
            self.centre = self.kept("centre", values.mean(axis=0))
            spread = values.std(axis=0)
            self.spread = self.kept("spread", np.where(spread > 0, spread, 1.0))
            self.next_time = self.kept("next_time", 0, tf.int64)
            self.evaluated = self.kept("evaluated", False, tf.bool)
            self.build()
            self.saver = tf.train.Saver(save_relative_paths=True)
            if series is not None:
                self.train_op = tf.train.AdamOptimizer(self.learning_rate).minimize(self.loss)
            self.initializer = tf.global_variables_initializer()
        self.random = np.random.RandomState(ex.seed)
        self.sess = ex.session(graph, threads=1, rewrite=False)
        self.start_again()

    def start_again(self) -> None:
        """Forget everything learned."""
        self.sess.run(self.initializer)

    def kept(self, name: str, value: Any, dtype: Any = None) -> Any:
        """Make a variable that no training changes but every checkpoint holds."""
        initial = np.asarray(value, (dtype or self.dtype).as_numpy_dtype)
        return tf.get_variable(name, initializer=tf.constant(initial), trainable=False)

    def scaled(self, values: Any) -> Any:
        return (values - self.centre) / self.spread

    @abstractmethod
    def build(self) -> None:
        """Make the placeholders, the state in variables (``kept``), `loss`, and the predictions."""

    def starts(self, series: Series, batch: int, window: int) -> np.ndarray:
        """Draw where `batch` windows begin (TFTS: RandomWindowInputFn)."""
        return self.random.randint(0, len(series.times) - window + 1, batch)

    def must_be_evaluated(self) -> int:
        """Return the first time to forecast; Problem before any ``evaluate``."""
        evaluated, time = self.sess.run([self.evaluated, self.next_time])
        if not evaluated:
            raise Problem("evaluate the model first: a forecast goes on from the end of the evaluated series")
        return int(time)

    def moved_to(self, time: Any) -> list[Any]:
        """Return the ops that note that the state now stands before `time`."""
        return [tf.assign(self.next_time, tf.cast(time, tf.int64)), tf.assign(self.evaluated, True)]

    def save(self, path: str) -> str:
        return self.saver.save(self.sess, path)

    def restore(self, path: str) -> None:
        self.saver.restore(self.sess, path)

    def close(self) -> None:
        self.sess.close()


def flags_for(steps: int, flags: np.ndarray | None) -> np.ndarray:
    return np.zeros(steps, bool) if flags is None else np.asarray(flags, bool)
