"""Example 50 · Restore the picture of each CNN layer with deconvolution (用反卷积技术复原卷积网络各层图像)

Book:      intro 8.7, listing 8-17
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24
Model:     example 44 with pooling that remembers the winners' places; a penalty on the weights
Shows:     what each layer keeps of a picture: its activations are un-pooled and convolved backwards until they are a
           picture again, in TensorBoard (tag source/cifar) and as PNG. --input raw is the book's figure 8-24: the
           training without standardising
Departs:   the book shifts by −bias on the way back, which fills the un-pooled zeros too; drawn as the book does and,
           beside it, as the deconvnet's paper does (Zeiler and Fergus 2014): ReLU, no bias. The third convolution is
           inverted as well, and each panel has its own brightness. The batch need not be 128. The penalty is the
           book's, 1/128 of its size because the loss is a mean. (The book's comment on t_pool1 is wrong: it is 12×12)
Time:      5 min on 2 CPU cores (default, beside other work)
"""

import _cifar10_input as cifar10_input
import _evaluation as evaluation
import _training as training
import models
import numpy as np

from utils import figures
from utils.data import cifar10
from utils.example import Choice, Example
from utils.tf1 import tf
from utils.unpool import max_pool_with_argmax, unpool

ex = Example(
    __doc__,
    steps=2000,
    batch_size=128,
    learning_rate=0.0001,
    penalty=1.0,
    display_step=200,
    input=Choice("standardized", "raw"),
    test_pictures=10_000,
    quick={"test_pictures": 2_000, "steps": 60, "batch_size": 32, "learning_rate": 0.002, "display_step": 10},
    book={"steps": 15000},
)
PICTURES = 6  # in the figures

# %% The data
data = cifar10.load(ex.data)
standardize = ex.input == "standardized"
with tf.device("/cpu:0"):
    train_batch = cifar10_input.inputs(data, False, ex.batch_size, standardize)
    test_batch = cifar10_input.inputs(data, True, 128, standardize)

# %% The network, which remembers where each maximum was
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 24, 24, 3], name="x")
    W_conv1, b_conv1 = models.weight_variable([5, 5, 3, 64]), models.bias_variable([64])
    h_conv1 = tf.nn.relu(models.conv2d(x, W_conv1) + b_conv1)
    h_pool1, mask1 = max_pool_with_argmax(h_conv1, 2)
    W_conv2, b_conv2 = models.weight_variable([5, 5, 64, 64]), models.bias_variable([64])
    h_conv2 = tf.nn.relu(models.conv2d(h_pool1, W_conv2) + b_conv2)
    h_pool2, mask2 = max_pool_with_argmax(h_conv2, 2)
    W_conv3, b_conv3 = models.weight_variable([5, 5, 64, 10]), models.bias_variable([10])
    h_conv3 = models.conv2d(h_pool2, W_conv3) + b_conv3
    y_conv = tf.reshape(models.global_avg_pool(h_conv3), [-1, 10])


# %% The way back
def back(maps, W, to):
    """Convolve maps [b, h, w, out] backwards with W [k, k, in, out]; the result has the shape of `to`."""
    return tf.nn.conv2d_transpose(maps, W, tf.shape(to), strides=[1, 1, 1, 1], padding="SAME")


def book_picture1(pooled):
    """From [b, 12, 12, 64] back to a picture [b, 24, 24, 3], the bias taken off as the book does."""
    return back(unpool(pooled, mask1, 2) - b_conv1, W_conv1, x)


def paper_picture1(pooled):
    """The same with ReLU on the way back and without the bias."""
    return back(tf.nn.relu(unpool(pooled, mask1, 2)), W_conv1, x)


def paper_picture2(pooled):
    return paper_picture1(back(tf.nn.relu(unpool(pooled, mask2, 2)), W_conv2, h_pool1))


with tf.device(ex.device):
    t_conv2 = unpool(h_pool2, mask2, 2)
    t_pool1 = back(t_conv2 - b_conv2, W_conv2, h_pool1)
    print(h_pool2.shape, t_conv2.shape, h_pool1.shape, t_pool1.shape)
    t_x_image = book_picture1(t_pool1)  # from the second convolution
    t1_x_image = book_picture1(h_pool1)  # from the first
    stitched = tf.concat([x, t1_x_image, t_x_image], axis=2)  # [b, 24, 72, 3]

    layers = [
        paper_picture1(h_pool1),
        paper_picture2(h_pool2),
        paper_picture2(back(tf.nn.relu(h_conv3), W_conv3, h_pool2)),
    ]
source_cifar = tf.summary.image("source/cifar", stitched)

# %% The loss, with the weights' penalty
with tf.device(ex.device):
    y = tf.placeholder(tf.int32, [None], name="y")
    cross_entropy = models.loss(y_conv, y)
    weights = tf.nn.l2_loss(W_conv1) + tf.nn.l2_loss(W_conv2) + tf.nn.l2_loss(W_conv3)
    loss = cross_entropy + ex.penalty / ex.batch_size * weights
    train_step = tf.train.AdamOptimizer(ex.learning_rate).minimize(loss)
    accuracy = models.accuracy(y_conv, y)
saver = tf.train.Saver(save_relative_paths=True)

# %% Training, then the pictures
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    ex.writer.add_graph(sess.graph)
    with training.queue_threads(sess):
        for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
            image_batch, label_batch = sess.run(train_batch)
            feed = {x: image_batch, y: label_batch}
            sess.run(train_step, feed)
            if step % ex.display_step == 0:
                values = sess.run([accuracy, cross_entropy, weights], feed)
                ex.record(step, training_accuracy=values[0], cross_entropy=values[1], half_squared_weights=values[2])
                ex.log(f"step {step}, training accuracy {values[0]:g}")

        image_batch, label_batch = sess.run(test_batch)
        batch_accuracy = sess.run(accuracy, {x: image_batch, y: label_batch})
        test_images, test_labels = evaluation.test_pictures(sess, data, ex.test_pictures, standardize)
        predicted = evaluation.predictions(sess, y_conv, x, test_images)

        some = {x: image_batch[:PICTURES]}
        ex.writer.add_summary(sess.run(source_cifar, some), ex.steps)
        book_panels = sess.run([x, t1_x_image, t_x_image], some)
        paper_panels = sess.run([x, *layers], some)

# %% The figures


def rescaled(panels):
    """Bring each picture [h, w, 3] of each panel to 0 … 1; returns [pictures · panels, h, w, 3]."""
    pictures = np.stack(panels, axis=1).reshape(-1, *panels[0].shape[1:])
    low, high = (f(pictures, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    return (pictures - low) / np.maximum(high - low, 1e-6)


names = ["picture", "first convolution", "second convolution"]
ex.figure(figures.image_grid(rescaled(book_panels), names * PICTURES, columns=3, size=2.0), "as_the_book")
names.append("third convolution")
ex.figure(figures.image_grid(rescaled(paper_panels), names * PICTURES, columns=4, size=2.0), "layers")
for number, panel in enumerate(paper_panels[1:], start=1):
    ex.figure(figures.image_grid(rescaled([panel]), columns=PICTURES, size=1.6), f"conv{number}")
evaluation.accuracy_figure(ex, {})


def likeness(panel):
    """Return the mean correlation between a layer's pictures and the pictures that went in."""
    flat = [array.reshape(len(array), -1) for array in (panel, paper_panels[0])]
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(*flat, strict=True)]))


# %% What the book's bias adds: the same to every picture, because it fills the un-pooled zeros too
shift = book_panels[1] - paper_panels[1]
print("the bias shifts red, green and blue at the middle of each picture by", shift[0, 12, 12])

# %% Results
for number, panel in enumerate(paper_panels[1:], start=1):
    ex.report(f"correlation with the picture, convolution {number}", likeness(panel))
for number, panel in enumerate(book_panels[1:], start=1):
    ex.report(f"correlation as the book draws it, convolution {number}", likeness(panel))
ex.report("shift by the bias: red, green and blue at the middle", shift[0, 12, 12])
ex.report("shift by the bias: largest difference between pictures", np.ptp(shift, axis=0).max())
evaluation.report_test(ex, float(batch_accuracy), test_labels, predicted, data.names)
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
ex.finish()
