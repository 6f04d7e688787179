"""What the CIFAR-10 scripts of chapter 8 measure and draw after the training."""

import _cifar10_input as cifar10_input
import numpy as np

from utils import figures
from utils.tf1 import tf

BATCH = 500
TEST_PICTURES = 10_000


def in_batches(array):
    """Yield the rows of `array`, at most 500 at a time."""
    for first in range(0, len(array), BATCH):
        yield array[first : first + BATCH]


def standardized(sess, pictures, standardize=True):
    """Return pictures uint8 [n, 32, 32, 3] as the queue gives them: float32 [n, 24, 24, 3], standardised or not."""
    fed = tf.placeholder(tf.uint8, [None, 32, 32, 3])
    images = cifar10_input.central(fed, standardize)
    return np.concatenate([sess.run(images, {fed: part}) for part in in_batches(pictures)])


def test_pictures(sess, data, count, standardize=True):
    """Return the first `count` test pictures as the queue gives them, float32 [n, 24, 24, 3], and labels int64 [n]."""
    images, labels = data.test.first(count)
    return standardized(sess, images, standardize), labels


def predictions(sess, logits, x, images, feed=None):
    """Return the class predicted for each of the images, int64 [n]."""
    predicted = tf.argmax(logits, 1)
    return np.concatenate([sess.run(predicted, {x: part, **(feed or {})}) for part in in_batches(images)])


def standard_error(share, pictures):
    """Return the standard error of a `share` counted over so many `pictures`."""
    return float(np.sqrt(share * (1 - share) / pictures))


def report_test(ex, batch_accuracy, labels, predicted, names, book=None):
    """Report the accuracy on one batch and on the test pictures beside the book's one batch; draw the confusions."""
    everything = float((predicted == labels).mean())
    errors = [standard_error(batch_accuracy, 128), standard_error(everything, len(labels))]
    print(f"finished! test accuracy {batch_accuracy:g} on one batch of 128 (standard error {errors[0]:.3f})")
    these = f"{'all' if len(labels) == TEST_PICTURES else 'first'} {len(labels):,}"
    print(f"test accuracy {everything:.4f} on the {these} (standard error {errors[1]:.4f})")
    for label, name in enumerate(names):
        print(f"  {name:12s} {(predicted[labels == label] == label).mean():.3f}")
    ex.figure(figures.confusion_matrix(labels, predicted, names), "confusion_matrix")
    # The book's figure is one batch too: within two of its standard errors the two agree.
    beside = {"book": book, "better": "higher", "tolerance": round(2 * standard_error(book, 128), 3)} if book else {}
    ex.report("test accuracy, one batch of 128", batch_accuracy, **beside)
    ex.report(f"test accuracy, {these}", everything, **beside)
    return everything


def accuracy_figure(ex, book):
    """Draw the accuracies on the batches trained on, their moving average, and the book's."""
    history = ex.history["training_accuracy"]
    steps, values = zip(*history, strict=True)
    averaged = zip(steps, figures.moving_average(values, 5), strict=True)
    lines = {"measured": history, "mean of the last five": list(averaged)}
    if book and ex.comparable:
        lines["the book"] = list(book.items())
    ex.figure(figures.curves(lines, xlabel="step", ylabel="accuracy on one batch"), "training_accuracy")


def report_late_accuracy(ex, book, steps):
    """Report the mean training accuracy of these steps beside the book's, where the run came to all of them."""
    measured = dict(ex.history["training_accuracy"])
    if all(step in measured for step in steps):
        mean, of_book = (float(np.mean([values[step] for step in steps])) for values in (measured, book))
        ex.report(f"training accuracy, steps {steps[0]} to {steps[-1]}", mean, book=of_book, better="higher")
