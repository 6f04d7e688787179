"""Example 54 · CIFAR CNN with batch normalisation (为 CIFAR 图片分类模型添加 BN)

Book:      intro 8.9.4, listing 8-21; exercises: more data with --input distorted; 8.9.5 (2), listing 8-22, with
           --pictures mnist --second-layer multi-channel
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24; or MNIST
Model:     example 44 with batch normalisation between its first two convolutions and their ReLUs; 123,466 weights
Shows:     the network learns far faster, with a rate 400 times as high that falls as it goes; then over-fitting, seen
           as the gap between training and test pictures. The moving averages take over at the test
Departs:   the book's test never switches (it asks in Python whether the placeholder is None): it normalised the test
           batch by its own statistics. Here a boolean placeholder switches; both ways are measured. As in 44: no last
           ReLU, mean loss from the logits, accuracy on all 10,000 test pictures
Time:      55 min on 2 CPU cores (--book, beside other work)
"""

import _evaluation as evaluation
import _training as training
import models

from utils import figures
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=2000,
    batch_size=128,
    start_learning_rate=0.04,
    decay_steps=1000,
    decay_rate=0.9,
    display_step=200,
    input=Choice("plain", "distorted"),
    queue_least=20000,
    second_layer=Choice("5x5", "multi-channel"),
    pictures=Choice("cifar10", "mnist"),
    test_pictures=10_000,
    quick={
        "test_pictures": 2_000,
        "steps": 60,
        "batch_size": 32,
        "display_step": 10,
        "start_learning_rate": 0.01,
        "queue_least": 500,
    },
    book={"steps": 20000},
)

# The accuracy on the batch just trained on, as the book prints it.
BOOK = {0: 0.210938, 200: 0.484375, 400: 0.601562, 600: 0.617188}
LATE = (18400, 18600, 18800, 19000, 19200, 19400, 19600, 19800)
LATE_BOOK = (0.921875, 0.921875, 0.921875, 0.953125, 0.9375, 0.914062, 0.96875, 0.9375)
BOOK |= dict(zip(LATE, LATE_BOOK, strict=True))

# %% The data
cifar = ex.pictures == "cifar10"
if cifar:
    source = training.CifarQueue(ex, distorted=ex.input == "distorted", least=ex.queue_least)
else:
    source = training.MnistBatches(ex)

# %% The graph
train = tf.placeholder(tf.bool, [], name="train")


def batch_norm(h):
    """Normalise each channel by the batch's mean and variance while training, by their moving averages otherwise."""
    return tf.layers.batch_normalization(h, momentum=0.9, epsilon=0.001, center=True, scale=False, training=train)


def second_layer(h_pool1):
    if ex.second_layer == "5x5":
        return tf.nn.relu(batch_norm(models.convolution(h_pool1, 5, 5, 64)))
    return tf.nn.relu(batch_norm(tf.concat([models.convolution(h_pool1, k, k, 64) for k in (5, 7, 3, 1)], axis=3)))


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, *source.shape], name="x")
    y_conv = models.network(x, second_block=second_layer, after_conv1=lambda h: tf.nn.relu(batch_norm(h)))

    global_step = tf.Variable(0, trainable=False)
    decaylearning_rate = tf.train.exponential_decay(ex.start_learning_rate, global_step, ex.decay_steps, ex.decay_rate)
    # The moving averages are brought up to date with each step.
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        net = training.nodes(x, y_conv, tf.train.AdamOptimizer(decaylearning_rate), global_step)
moving = [v for v in tf.global_variables() if "moving_mean" in v.op.name]
saver = tf.train.Saver(save_relative_paths=True)
print(f"{models.trainable_parameters():,} weights; {len(moving)} layers keep moving averages")

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    with training.queue_threads(sess):
        training.train(ex, sess, saver, source, net, BOOK if cifar else {}, train_feed={train: True})
        rate = sess.run(decaylearning_rate)
        images, labels = source.test_batch(sess)
        as_the_book = sess.run(net.accuracy, {x: images, net.y: labels, train: True})
        # With moving averages a picture's scores do not depend on what else is in its batch.
        company = {}
        for way, training_mode in (("own statistics", True), ("moving averages", False)):
            together, alone = (sess.run(y_conv, {x: part, train: training_mode}) for part in (images, images[:1]))
            company[way] = float(abs(together[0] - alone[0]).max())
        everything = training.test(
            ex, sess, source, net, book_accuracy=0.71875 if cifar else None, test_feed={train: False}
        )
        seen = source.some_training_pictures(sess) if cifar else source.next_batch(sess)
        seen_accuracy = training.share_correct(sess, net, *seen, feed={train: False})
evaluation.accuracy_figure(ex, BOOK if cifar else {})
print(f"{seen_accuracy:.4f} on pictures of the training set, {everything:.4f} on the test set")
decay = [[step, ex.start_learning_rate * ex.decay_rate ** (step / ex.decay_steps)] for step in range(0, 20001, 100)]
ex.figure(figures.curves({"0.04 · 0.9^(step / 1000)": decay}, xlabel="step", ylabel="learning rate"), "learning_rate")

# %% Results
if cifar:
    evaluation.report_late_accuracy(ex, BOOK, LATE)
beside = {"book": 0.71875, "better": "higher", "tolerance": 0.079}  # two standard errors of 128 pictures
ex.report("one test batch by its own statistics, as the book", as_the_book, **(beside if cifar else {}))
for way, difference in company.items():
    ex.report(f"scores of a picture, alone or in a batch, {way}", difference)
ex.report(f"accuracy on {len(seen[1]):,} training pictures", seen_accuracy)
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
ex.report("learning rate at the end", rate)
ex.report("weights", models.trainable_parameters())
ex.finish()
