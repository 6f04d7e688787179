"""What the MNIST examples of this chapter (57 to 67) share: loss, training and test of a row-by-row classifier.

A picture is a sequence: 28 time steps, and at each of them the 28 pixels of one row.
"""

import math
from typing import Any

import numpy as np

from utils import figures
from utils.data.mnist import Digits
from utils.example import Example
from utils.tf1 import tf

ROWS = COLUMNS = 28
BOOK_TEST_PICTURES = 128  # the book's test accuracies are of so few: they are multiples of 1/128


def weight_count(scope: str) -> int:
    """Return the number of trainable weights in the variable scope `scope`."""
    return sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables(scope))


class RowClassifier:
    """The loss, the optimiser and the accuracy of examples 57 to 67, for any network that reads rows.

    `x`: placeholder [batch, 28, 28]; `y`: placeholder [batch, 10], one-hot; `pred`: the network's logits [batch, 10].
    """

    def __init__(self, x: Any, y: Any, pred: Any, learning_rate: float) -> None:
        self.x, self.y = x, y
        self.cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=pred))
        self.optimizer = tf.train.AdamOptimizer(learning_rate).minimize(self.cost)
        correct = tf.equal(tf.argmax(pred, 1), tf.argmax(y, 1))
        self.accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))

    def feed(self, images: np.ndarray, labels: np.ndarray) -> dict[Any, np.ndarray]:
        """Return the feed for `images` [n, 784] and `labels` [n, 10]."""
        return {self.x: images.reshape(-1, ROWS, COLUMNS), self.y: labels}

    def train(self, ex: Example, sess: Any, digits: Digits, book: dict[int, tuple[float, float]] | None = None) -> None:
        """Train on ``ex.training_iters`` pictures in batches, and print a line every ``ex.display_step`` steps.

        Its loss and accuracy are of the batch just trained on; `book` has the book's: pictures → (loss, accuracy).
        """
        saver = tf.train.Saver(save_relative_paths=True)
        steps = range(1, math.ceil(ex.training_iters / ex.batch_size))  # while step * batch_size < training_iters
        for step in ex.resumable(steps, sess, saver, unit="step", every=100):
            feed = self.feed(*digits.train.next_batch(ex.batch_size))
            sess.run(self.optimizer, feed)
            if step % ex.display_step == 0:
                seen = step * ex.batch_size
                loss, accuracy = sess.run([self.cost, self.accuracy], feed)
                ex.record(step, loss=loss, accuracy=accuracy)
                beside = "   (book {:.6f}, {:.5f})".format(*book[seen]) if book and seen in book else ""
                ex.log(f"Iter {seen}, Minibatch Loss= {loss:.6f}, Training Accuracy= {accuracy:.5f}{beside}")
        print(" Finished!")

    def test(self, sess: Any, digits: Digits) -> tuple[float, float, float]:
        """Return accuracy and cross-entropy on all test pictures, and the book's measure: accuracy on the first 128."""
        images, labels = digits.test.images, digits.test.labels
        accuracy, cost = sess.run([self.accuracy, self.cost], self.feed(images, labels))
        few = slice(0, BOOK_TEST_PICTURES)
        return accuracy, cost, sess.run(self.accuracy, self.feed(images[few], labels[few]))


def training_lines(ex: Example) -> dict[int, tuple[float, float]]:
    """Return what the printed lines of ``RowClassifier.train`` hold: pictures → (loss, accuracy)."""
    pairs = zip(ex.history.get("loss", []), ex.history.get("accuracy", []), strict=True)
    return {step * ex.batch_size: (loss, accuracy) for (step, loss), (_, accuracy) in pairs}


def training_curves(ex: Example, book: dict[int, tuple[float, float]] | None = None) -> None:
    """Draw the printed losses and accuracies as ``loss.png`` and ``accuracy.png``; `book`: the book's, as points."""
    for place, name in enumerate(("loss", "accuracy")):
        measured = [(seen, pair[place]) for seen, pair in training_lines(ex).items()]
        figure = figures.curves(
            {"measured": measured}, xlabel="training pictures", ylabel=f"{name} of the batch", log=name == "loss"
        )
        if book:
            figure.axes[0].plot(list(book), [pair[place] for pair in book.values()], "s", label="the book")
            figure.axes[0].legend()
        ex.figure(figure, name)
