"""Example 44 · CNN with a global average pooling layer (建立一个带有全局平均池化层的卷积神经网络)

Book:      intro 8.5.9, listing 8-9; exercise 8.5.10 (2), listing 8-11, with --head dense
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24
Model:     conv 5×5, 64 → pool → conv 5×5, 64 → pool → conv 5×5, 10 → global average pooling; 123,338 weights
Shows:     a whole convolutional network, fed from the tutorial's queue: convolutions keep the size, pooling shrinks,
           and the average over each of the last ten channels is the score of a class. --head dense ends in two
           fully connected layers, with 37 times as many weights in the head
Departs:   the last convolution has no ReLU, which could switch a class off for good; the loss is taken from the logits
           and averaged (the book sums −y·log(softmax); Adam takes the same steps); accuracy is measured on all 10,000
           test pictures too, because the book's one batch of 128 has a standard error of 0.04; a Coordinator ends the
           queue's threads. A step is one batch: 15,000 are 38 epochs, not 15,000 rounds through the data set
Time:      55 min on 2 CPU cores (--book, beside other work)
"""

import _cifar10_input as cifar10_input
import _evaluation as evaluation
import models
import numpy as np

from utils import figures
from utils.data import cifar10
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=2000,
    batch_size=128,
    learning_rate=0.0001,
    display_step=200,
    head=Choice("average", "dense"),
    test_pictures=10_000,
    quick={"test_pictures": 2_000, "steps": 60, "batch_size": 32, "learning_rate": 0.002, "display_step": 10},
    book={"steps": 15000},
)

# The accuracy on the batch just trained on, as the book prints it.
BOOK = {0: 0.15625, 200: 0.3125, 400: 0.359375, 600: 0.3125, 800: 0.382812, 1000: 0.273438}
BOOK |= {14400: 0.554688, 14600: 0.601562, 14800: 0.5625}

# %% The data: a queue of training pictures and one of test pictures
data = cifar10.load(ex.data)
print("begin")
with tf.device("/cpu:0"):
    images_train, labels_train = cifar10_input.inputs(data, eval_data=False, batch_size=ex.batch_size)
    images_test, labels_test = cifar10_input.inputs(data, eval_data=True, batch_size=128)
pictures = tf.summary.merge_all()
print("begin data")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 24, 24, 3], name="x")
    y = tf.placeholder(tf.int32, [None], name="y")

    h_conv1 = tf.nn.relu(models.convolution(x, 5, 5, 64))
    h_pool1 = models.max_pool_2x2(h_conv1)  # [b, 12, 12, 64]
    h_conv2 = tf.nn.relu(models.convolution(h_pool1, 5, 5, 64))
    h_pool2 = models.max_pool_2x2(h_conv2)  # [b, 6, 6, 64]
    before_head = models.trainable_parameters()
    if ex.head == "average":
        h_conv3 = models.convolution(h_pool2, 5, 5, 10)
        y_conv = tf.reshape(models.global_avg_pool(h_conv3), [-1, 10])
    else:
        y_conv = models.dense_head(h_pool2)

    cross_entropy = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=y_conv))
    train_step = tf.train.AdamOptimizer(ex.learning_rate).minimize(cross_entropy)
    accuracy = models.accuracy(y_conv, y)

saver = tf.train.Saver(save_relative_paths=True)
parameters = models.trainable_parameters()
print(f"{parameters:,} weights, {parameters - before_head:,} of them in the head ({ex.head})")

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    ex.writer.add_graph(sess.graph)
    ex.writer.add_summary(sess.run(pictures), 0)

    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
        image_batch, label_batch = sess.run([images_train, labels_train])
        feed = {x: image_batch, y: label_batch}
        sess.run(train_step, feed)
        if step % ex.display_step == 0:
            train_accuracy, loss = sess.run([accuracy, cross_entropy], feed)
            ex.record(step, training_accuracy=train_accuracy, cross_entropy=loss)
            book = ex.beside(f"{BOOK[step]:g}") if step in BOOK else ""
            ex.log(f"step {step}, training accuracy {train_accuracy:g}{book}")

    image_batch, label_batch = sess.run([images_test, labels_test])
    batch_accuracy = sess.run(accuracy, {x: image_batch, y: label_batch})
    test_images, test_labels = evaluation.test_pictures(sess, data, ex.test_pictures)
    predicted = evaluation.predictions(sess, y_conv, x, test_images)
    coord.request_stop()
    coord.join(threads)

evaluation.accuracy_figure(ex, BOOK)
shown = np.arange(min(16, len(test_labels)))
captions = [f"{data.names[a]}\ntaken for {data.names[b]}" for a, b in zip(test_labels[shown], predicted, strict=False)]
ex.figure(figures.image_grid(data.test.images[shown], captions, size=1.9), "predictions")

# %% Results
evaluation.report_late_accuracy(ex, BOOK, (14400, 14600, 14800))
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
evaluation.report_test(ex, float(batch_accuracy), test_labels, predicted, data.names, book=0.632812)
ex.report("weights", parameters)
ex.report("weights in the head", parameters - before_head)
ex.finish()
