"""What the MNIST examples of this chapter (57 to 67) share: loss, training and test of a row-by-row classifier.

A picture is a sequence: 28 time steps, and at each of them the 28 pixels of one row. A quick run may take several rows
a step, so that there are fewer steps to unroll.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from utils import figures
from utils.data.mnist import Digits
from utils.example import Example
from utils.problems import Problem
from utils.tf1 import tf

ROWS = COLUMNS = 28
BOOK_TEST_PICTURES = 128  # the book's test accuracies are of so few: they are multiples of 1/128
TEST_BATCH = 2000

Lines = dict[int, tuple[float, float]]  # training pictures → loss and accuracy of the batch just trained on


def pixels_a_step(n_steps: int) -> int:
    """Return how many pixels each of `n_steps` steps has, whole rows; Problem where 28 rows cannot be so divided."""
    if ROWS % n_steps:
        raise Problem(f"--n-steps {n_steps}: {ROWS} rows can be read in 1, 2, 4, 7, 14 or 28 steps")
    return ROWS * COLUMNS // n_steps


def weight_count(scope: str) -> int:
    """Return the number of trainable weights in the variable scope `scope`."""
    return sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables(scope))


def at_book_size(network: Callable[[Any], Any], rows: int = ROWS) -> tuple[Any, int]:
    """Return what `network` makes of a batch of `rows` rows of 28 pixels, and the number of its weights.

    It is built in a graph of its own, so a quick run, which takes fewer and longer steps, can show the book's shapes.
    """
    with tf.Graph().as_default():
        made = network(tf.placeholder(tf.float32, [None, rows, COLUMNS], name="x"))
        return made, weight_count("")


class Test(NamedTuple):
    """A network's accuracy and cross-entropy on all test pictures, and the book's measure: of the first 128."""

    accuracy: float
    cost: float
    first_accuracy: float


class RowClassifier:
    """The loss, the optimiser and the accuracy of examples 57 to 67, for any network that reads rows.

    `x`: placeholder [batch, steps, pixels]; `y`: placeholder [batch, 10], one-hot; `pred`: the logits [batch, 10].
    `name`: where one run trains several; `book`: the lines that the book prints.
    """

    def __init__(
        self, x: Any, y: Any, pred: Any, learning_rate: float, *, name: str = "", book: Lines | None = None
    ) -> None:
        self.x, self.y, self.name, self.book = x, y, name, book or {}
        self.cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=pred))
        self.optimizer = tf.train.AdamOptimizer(learning_rate).minimize(self.cost)
        correct = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
        self.accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))

    def tag(self, kind: str) -> str:
        """Return the name under which ``loss`` or ``accuracy`` is recorded."""
        return f"{self.name}/{kind}" if self.name else kind

    def feed(self, images: np.ndarray, labels: np.ndarray) -> dict[Any, np.ndarray]:
        """Return the feed for `images` [n, 784] and `labels` [n, 10]."""
        return {self.x: images.reshape(-1, *self.x.shape.as_list()[1:]), self.y: labels}

    def lines(self, ex: Example) -> Lines:
        """Return what the lines printed in training hold."""
        pairs = zip(ex.history.get(self.tag("loss"), []), ex.history.get(self.tag("accuracy"), []), strict=True)
        return {step * ex.batch_size: (loss, accuracy) for (step, loss), (_, accuracy) in pairs}


def train(ex: Example, sess: Any, digits: Digits, *models: RowClassifier) -> None:
    """Train on ``ex.training_iters`` pictures in batches, and print a line every ``ex.display_step`` steps.

    Its loss and accuracy are of the batch just trained on. Several `models` get the same batches.
    """
    saver = tf.train.Saver(save_relative_paths=True)
    steps = range(1, math.ceil(ex.training_iters / ex.batch_size))  # while step * batch_size < training_iters
    if len(steps) < ex.display_step:
        least = ex.display_step * ex.batch_size
        raise Problem(f"--training-iters {ex.training_iters}: the first line is of {least} pictures, so take more")
    for step in ex.resumable(steps, sess, saver, unit="step", every=100):
        feed = models[0].feed(*digits.train.next_batch(ex.batch_size))
        sess.run([model.optimizer for model in models], feed)
        if step % ex.display_step == 0:
            seen = step * ex.batch_size
            for model, (loss, accuracy) in zip(models, measure(sess, models, feed), strict=True):
                ex.record(step, **{model.tag("loss"): loss, model.tag("accuracy"): accuracy})
                beside = ex.beside("{:.6f}, {:.5f}".format(*model.book[seen])) if seen in model.book else ""
                who = f" {model.name}:" if model.name else ""
                ex.log(f"Iter {seen},{who} Minibatch Loss= {loss:.6f}, Training Accuracy= {accuracy:.5f}{beside}")
    print(" Finished!")


def measure(sess: Any, models: Sequence[RowClassifier], feed: dict[Any, np.ndarray]) -> list[tuple[float, float]]:
    """Return loss and accuracy of each network on one batch."""
    return sess.run([(model.cost, model.accuracy) for model in models], feed)


def test(sess: Any, digits: Digits, *models: RowClassifier) -> list[Test]:
    """Measure each network on the test pictures, and print the accuracy as the book does."""
    images, labels = digits.test.images, digits.test.labels
    batches = [slice(start, start + TEST_BATCH) for start in range(0, len(images), TEST_BATCH)]
    parts = [measure(sess, models, models[0].feed(images[part], labels[part])) for part in batches]
    few = measure(sess, models, models[0].feed(images[:BOOK_TEST_PICTURES], labels[:BOOK_TEST_PICTURES]))
    results = []
    for place, model in enumerate(models):
        cost, accuracy = np.mean([part[place] for part in parts], axis=0, dtype=np.float64)
        results.append(Test(float(accuracy), float(cost), float(few[place][1])))
        print(f"{model.name}: Testing Accuracy:" if model.name else "Testing Accuracy:", round(float(accuracy), 4))
    return results


def training_curves(ex: Example, *models: RowClassifier) -> None:
    """Draw the printed losses and accuracies as ``loss.png`` and ``accuracy.png``, the book's as points."""
    for place, kind in enumerate(("loss", "accuracy")):
        curves = {
            model.name.replace("_", " ") or "measured": [(seen, pair[place]) for seen, pair in model.lines(ex).items()]
            for model in models
        }
        figure = figures.curves(
            curves,
            xlabel="training pictures",
            ylabel=f"{kind} of the batch",
            title=f"Example {ex.id}: {kind} while training",
            log=kind == "loss",
        )
        for model in models:
            if model.book and ex.comparable:
                figure.axes[0].plot(
                    list(model.book), [pair[place] for pair in model.book.values()], "s", label="the book"
                )
                figure.axes[0].legend()
        ex.figure(figure, kind)


def report_test(
    ex: Example, model: RowClassifier, test: Test, book: float | None = None, tolerance: float = 0.0
) -> None:
    """Report the three figures of a test; `book` is the book's accuracy on 128 pictures."""
    before = f"{model.name.replace('_', ' ')}: " if model.name else ""
    ex.report(f"{before}test accuracy, all 10,000 pictures", test.accuracy)
    ex.report(f"{before}test cross-entropy, all 10,000 pictures", test.cost)
    name = f"{before}test accuracy, first {BOOK_TEST_PICTURES} pictures"
    ex.report(name, test.first_accuracy, book=book, better="higher" if book else None, tolerance=tolerance)


def report_lines(ex: Example, model: RowClassifier, spread: Lines) -> None:
    """Report the lines that the book prints too; `spread`: how far runs lie apart there."""
    lines = model.lines(ex)
    for seen, (loss, accuracy) in model.book.items():
        if seen in lines:
            ex.report(f"loss, Iter {seen}", lines[seen][0], book=loss, tolerance=spread[seen][0])
            ex.report(f"training accuracy, Iter {seen}", lines[seen][1], book=accuracy, tolerance=spread[seen][1])


def late_spread(ex: Example, model: RowClassifier, last: int = 20) -> tuple[float, float]:
    """Return how far a run's late lines lie apart: twice the standard deviation of its `last` losses and accuracies."""
    loss, accuracy = 2 * np.std(list(model.lines(ex).values())[-last:], axis=0)
    return round(float(loss), 4), round(float(accuracy), 4)


def shapes(*tensors: Any) -> str:
    """Return the shapes as they are printed: ``(?, 28, 256)``."""
    return " ".join(str(tensor.shape) for tensor in tensors)
