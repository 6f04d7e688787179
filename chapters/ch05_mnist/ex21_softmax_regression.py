"""Example 21 · Recognise blurred handwritten digits (识别图中模糊的手写数字)

Book:      intro 5.1–5.7, listings 5-1 and 5-2
Data:      MNIST, 55,000 training / 5,000 validation / 10,000 test pictures of 28×28
Model:     784 → 10, softmax regression, 7,850 weights
Shows:     a whole classifier: load, look, build, train, test, save, restore in a second session, predict; then what
           the book's random weights cost against weights of zero, and which digits are confused
Departs:   the loss is taken from the logits in one op: the book's log(softmax) gives NaN for confident errors;
           the nodes for the accuracy are built once, not again for the second session
Time:      30 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=25, batch_size=100, learning_rate=0.01, quick={"epochs": 2})

# The mean cost of each epoch as the book prints it.
BOOK_COST = """
    9.923389743 4.695022035 3.076164273 2.417567778 2.052902991 1.816404106 1.649224558 1.523894480 1.425924496
    1.346838083 1.281203090 1.225851107 1.178292338 1.136689923 1.100095906 1.067396342 1.038121746 1.011435861
    0.987299248 0.965228878 0.944723253 0.925947570 0.908483106 0.892120825 0.877055534"""
BOOK_COST = [[epoch, float(cost)] for epoch, cost in enumerate(BOOK_COST.split(), start=1)]

# %% The data (listing 5-1)
digits = mnist.load(ex.data, one_hot=True)
print("training pictures", digits.train.images.shape, "labels", digits.train.labels.shape)
print("test pictures", digits.test.images.shape, "validation pictures", digits.validation.images.shape)

figure, axis = plt.subplots(figsize=(3, 3))
axis.imshow(digits.train.images[1].reshape(28, 28))
axis.set_title(f"training picture 1, a {digits.train.cls[1]}")
ex.figure(figure, "picture")

# %% The graph (listing 5-2)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    y = tf.placeholder(tf.float32, [None, 10], name="y")
    W = tf.Variable(tf.random_normal([784, 10], stddev=1.0), name="W")
    b = tf.Variable(tf.zeros([10]), name="b")
    logits = tf.matmul(x, W) + b
    pred = tf.nn.softmax(logits)

    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(cost)

    digit = tf.argmax(pred, 1)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(digit, tf.argmax(y, 1)), tf.float32))
    zero_weights = tf.assign(W, tf.zeros_like(W))

saver = tf.train.Saver(save_relative_paths=True)
model_path = ex.checkpoint("521model.ckpt")
test_feed = {x: digits.test.images, y: digits.test.labels}


def train_one_epoch(sess):
    """Go through the training set once and return the mean cost of its batches."""
    batches = digits.train.num_examples // ex.batch_size
    total = 0.0
    for _ in range(batches):
        batch_x, batch_y = digits.train.next_batch(ex.batch_size)
        _, batch_cost = sess.run([optimizer, cost], {x: batch_x, y: batch_y})
        total += batch_cost
    return total / batches


# %% Train, test, save
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.resumable(range(ex.epochs), sess, saver):
        mean_cost = train_one_epoch(sess)
        ex.record(epoch + 1, cost=mean_cost)
        book = ex.beside(f"{BOOK_COST[epoch][1]:.9f}") if epoch < len(BOOK_COST) else ""
        ex.log(f"Epoch: {epoch + 1:04d} cost= {mean_cost:.9f}{book}")
    print(" Finished!")

    test_accuracy, test_cost = sess.run([accuracy, cost], test_feed)
    print("Accuracy:", test_accuracy)
    print("Model saved in file:", saver.save(sess, model_path))

lines = {"measured": ex.history["cost"]} | ({"the book": BOOK_COST} if ex.comparable else {})
ex.figure(figures.curves(lines, xlabel="epoch", ylabel="mean cost", log=True), "cost")

# %% Restore in a second session and predict
print("Starting 2nd session...")
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    saver.restore(sess, model_path)
    restored_accuracy, predicted = sess.run([accuracy, digit], test_feed)
    print("Accuracy:", restored_accuracy)

    batch_x, batch_y = digits.train.next_batch(2)
    two_digits, two_rows = sess.run([digit, pred], {x: batch_x})
    print("predicted", two_digits, "labels", batch_y.argmax(axis=1))
    print(np.array2string(two_rows, precision=4, suppress_small=True))

captions = [f"a {label}, taken for a {guess}" for label, guess in zip(batch_y.argmax(1), two_digits, strict=True)]
ex.figure(figures.image_grid(batch_x.reshape(-1, 28, 28), captions, columns=2, size=2.2, cmap="viridis"), "predictions")
ex.figure(figures.confusion_matrix(digits.test.cls, predicted), "confusion_matrix")

# %% Apart from the book: the same training from weights of zero
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(zero_weights)
    for _ in ex.progress(range(ex.epochs), unit="epoch"):
        zero_cost = train_one_epoch(sess)
    zero_accuracy = sess.run(accuracy, test_feed)
print(f"from zero weights: cost {zero_cost:.6f}, accuracy {zero_accuracy:.4f} after as many epochs")

# %% Results
# Over seeds 1 to 5: cost 8.6 ± 1.0 in the first epoch and 0.856 ± 0.015 in the last, accuracy 0.8293 ± 0.0034 (from
# zero weights 0.9140 ± 0.0002). The tolerances are three of these standard deviations.
ex.report("cost, epoch 1", ex.history["cost"][0][1], book=9.923389743, tolerance=3.0)
ex.report("cost, last epoch", ex.history["cost"][-1][1], book=0.877055534, tolerance=0.045)
ex.report("test accuracy", test_accuracy, book=0.8316, better="higher", tolerance=0.01)
ex.report("test accuracy, restored", restored_accuracy, book=0.8316, better="higher", tolerance=0.01)
ex.report("test cross-entropy", test_cost)
ex.report("test accuracy from zero weights", zero_accuracy)
ex.finish()
