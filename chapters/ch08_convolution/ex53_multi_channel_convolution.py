"""Example 53 · Multi-channel convolution (多通道卷积技术的演示)

Book:      intro 8.9.2, listing 8-20; exercise 8.9.5 (1), listing 8-23, with --pictures mnist
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24; or MNIST
Model:     example 44 with 5×5, 7×7, 3×3 and 1×1 convolutions side by side as its second layer; 413,194 weights
Shows:     kernels of several sizes look at the same maps, and the network chooses: the idea behind Inception
Departs:   the book's kernel called 1×1 is made with the shape 3×3, so its figures come from two 3×3 branches: --fourth
           3x3 gives that network (445,962 weights). Its gain over 44 lies within the noise of 128 test pictures. As in
           44: no last ReLU, mean loss from the logits, accuracy on all 10,000 test pictures
Time:      90 min on 2 CPU cores (--book, beside other work)
"""

import _evaluation as evaluation
import _training as training
import models

from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=700,
    batch_size=128,
    learning_rate=0.0001,
    display_step=100,
    fourth=Choice("1x1", "3x3"),
    pictures=Choice("cifar10", "mnist"),
    test_pictures=10_000,
    quick={"test_pictures": 2_000, "steps": 45, "batch_size": 32, "learning_rate": 0.001, "display_step": 5},
    book={"steps": 15000, "display_step": 200},
)

# The accuracy on the batch just trained on, as the book prints it.
BOOK = {0: 0.0859375, 200: 0.296875, 400: 0.445312, 600: 0.414062, 800: 0.4375, 1000: 0.484375, 1200: 0.5}
BOOK |= {14000: 0.671875, 14200: 0.671875, 14400: 0.59375, 14600: 0.695312, 14800: 0.609375}

# %% The data
source = training.CifarQueue(ex) if ex.pictures == "cifar10" else training.MnistBatches(ex)


# %% The graph
def multi_channel(h_pool1):
    """Map [b, 12, 12, 64] to [b, 12, 12, 256]: four kernels on the same maps, their results side by side."""
    branches = []
    for side in (5, 7, 3, int(ex.fourth[0])):
        W = models.weight_variable([side, side, 64, 64])
        b = models.bias_variable([64])
        branches.append(tf.nn.relu(models.conv2d(h_pool1, W) + b))
        print(f"{side}×{side}: {W.shape}")
    return tf.concat(branches, axis=3)


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, *source.shape], name="x")
    y_conv = models.network(x, second_block=multi_channel)
    net = training.nodes(x, y_conv, tf.train.AdamOptimizer(ex.learning_rate))
saver = tf.train.Saver(save_relative_paths=True)

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    with training.queue_threads(sess):
        cifar = ex.pictures == "cifar10"
        training.train(ex, sess, saver, source, net, book=BOOK if cifar else {})
        training.test(ex, sess, source, net, book_accuracy=0.664062 if cifar else None)
evaluation.accuracy_figure(ex, BOOK if cifar else {})

# %% Results
if cifar:
    evaluation.report_late_accuracy(ex, BOOK, (14000, 14200, 14400, 14600, 14800))
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
ex.report("weights", models.trainable_parameters())
ex.finish()
