"""The training that 8.5.5, 51, 52, 53 and 54 share with example 44, whose script shows it in full."""

from contextlib import contextmanager
from typing import NamedTuple

import _cifar10_input as cifar10_input
import _evaluation as evaluation
import models

from utils.data import cifar10, mnist
from utils.tf1 import tf

TEST_BATCH = 128  # what the book measures its test accuracy on


class CifarQueue:
    """CIFAR-10 from the tutorial's queue: `shape` of a picture, `names` of the classes, and the batches."""

    shape = (24, 24, 3)

    def __init__(self, ex, distorted=False, least=20_000):
        self._count = ex.test_pictures
        self.data = cifar10.load(ex.data)
        self.names = self.data.names
        with tf.device("/cpu:0"):
            if distorted:
                self._batch = cifar10_input.distorted_inputs(self.data, ex.batch_size, least=least)
            else:
                self._batch = cifar10_input.inputs(self.data, eval_data=False, batch_size=ex.batch_size)
            self._test_batch = cifar10_input.inputs(self.data, eval_data=True, batch_size=TEST_BATCH)

    def next_batch(self, sess):
        """Return the next training batch: pictures float32 [b, 24, 24, 3] and labels int32 [b]."""
        return sess.run(self._batch)

    def test_batch(self, sess):
        """Return the test pictures that the queue gives next, 128 of them, and their labels."""
        return sess.run(self._test_batch)

    def test(self, sess):
        """Return the test pictures, the first ``ex.test_pictures`` of them, and labels."""
        return evaluation.test_pictures(sess, self.data, self._count)

    def some_training_pictures(self, sess):
        """Return as many training pictures as test pictures, and like them undistorted, and their labels."""
        images, labels = self.data.train.first(self._count)
        return evaluation.standardized(sess, images), labels


class MnistBatches:
    """The digits of MNIST with the same methods as `CifarQueue` (exercises 8.5.10 and 8.9.5)."""

    shape = (28, 28, 1)
    names = tuple("0123456789")

    def __init__(self, ex):
        self._digits = mnist.load(ex.data, one_hot=False)
        self._size, self._count = ex.batch_size, ex.test_pictures

    def next_batch(self, sess):
        images, labels = self._digits.train.next_batch(self._size)
        return images.reshape(-1, 28, 28, 1), labels

    def test_batch(self, sess):
        return self._digits.test.images[:TEST_BATCH].reshape(-1, 28, 28, 1), self._digits.test.labels[:TEST_BATCH]

    def test(self, sess):
        return self._digits.test.images[: self._count].reshape(-1, 28, 28, 1), self._digits.test.labels[: self._count]


class Nodes(NamedTuple):
    """What a training runs: placeholders, scores, loss, accuracy, and the op that takes a step."""

    x: tf.Tensor
    y: tf.Tensor
    logits: tf.Tensor
    loss: tf.Tensor
    accuracy: tf.Tensor
    train_step: tf.Operation


def nodes(x, logits, optimizer, global_step=None):
    """Return the nodes on the scores `logits` [b, 10] of pictures `x`; `global_step` is counted up if it is given."""
    y = tf.placeholder(tf.int32, [None], name="y")
    loss = models.loss(logits, y)
    return Nodes(x, y, logits, loss, models.accuracy(logits, y), optimizer.minimize(loss, global_step=global_step))


@contextmanager
def queue_threads(sess):
    """Run the session's queues inside the ``with``, and end their threads after it."""
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    try:
        yield
    finally:
        coord.request_stop()
        coord.join(threads)


def train(ex, sess, saver, source, net, book, train_feed=None):
    """Take `ex.steps` steps; each `ex.display_step` measure, print and record the batch just trained on.

    `book`: step → the accuracy that the book prints. `train_feed`: fed besides the batch.
    """
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
        images, labels = source.next_batch(sess)
        feed = {net.x: images, net.y: labels, **(train_feed or {})}
        sess.run(net.train_step, feed)
        if step % ex.display_step == 0:
            train_accuracy, loss = sess.run([net.accuracy, net.loss], feed)
            ex.record(step, training_accuracy=train_accuracy, cross_entropy=loss)
            printed = ex.beside(f"{book[step]:g}") if step in book else ""
            ex.log(f"step {step}, training accuracy {train_accuracy:g}{printed}")


def test(ex, sess, source, net, book_accuracy=None, test_feed=None):
    """Measure one batch as the book does and ``source.test``; report both and draw the confusion matrix."""
    images, labels = source.test_batch(sess)
    batch_accuracy = sess.run(net.accuracy, {net.x: images, net.y: labels, **(test_feed or {})})
    images, labels = source.test(sess)
    predicted = evaluation.predictions(sess, net.logits, net.x, images, test_feed)
    return evaluation.report_test(ex, float(batch_accuracy), labels, predicted, source.names, book_accuracy)


def share_correct(sess, net, images, labels, feed=None):
    """Return the share of `images` whose predicted class is their label's."""
    return float((evaluation.predictions(sess, net.logits, net.x, images, feed) == labels).mean())
