"""Example 51 · CIFAR CNN with the layers library (使用函数封装库重写 CIFAR 卷积网络)

Book:      intro 8.8.1, listing 8-18; exercises 8.8.2 and 8.5.10 (1), listing 8-10, with --pictures mnist
Data:      CIFAR-10, 50,000 training / 10,000 test pictures, their central 24×24; or MNIST
Model:     conv 5×5, 64 → pool → conv 5×5, 64 → pool → global average pooling → 10, fully connected; 107,978 weights
Shows:     a network in seven lines: the library makes weights, biases and activations of a layer in one call.
           --pictures mnist rewrites the classifier of handwritten digits with it
Departs:   tf.contrib.layers lives on as tf-slim, which has the same functions and defaults: stride 1, SAME, ReLU,
           Glorot weights, biases of zero. It is not the network of 44 (two convolutions and a dense layer), so the two
           figures do not tell what the library does. As in 44: mean loss from the logits, accuracy on all test pictures
Time:      77 min on 2 CPU cores (--book, beside other work)
"""

import _evaluation as evaluation
import _training as training
import models

from utils.contrib import slim
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=2000,
    batch_size=128,
    learning_rate=0.0001,
    display_step=200,
    pictures=Choice("cifar10", "mnist"),
    test_pictures=10_000,
    quick={"test_pictures": 2_000, "steps": 60, "batch_size": 32, "learning_rate": 0.003, "display_step": 10},
    book={"steps": 15000},
)

# %% The data
source = training.CifarQueue(ex) if ex.pictures == "cifar10" else training.MnistBatches(ex)

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, *source.shape], name="x")

    h_conv1 = slim.conv2d(x, 64, [5, 5], 1, padding="SAME", activation_fn=tf.nn.relu)
    h_pool1 = slim.max_pool2d(h_conv1, [2, 2], stride=2, padding="SAME")
    h_conv2 = slim.conv2d(h_pool1, 64, [5, 5], 1, padding="SAME", activation_fn=tf.nn.relu)
    h_pool2 = slim.max_pool2d(h_conv2, [2, 2], stride=2, padding="SAME")
    side = h_pool2.shape[1].value  # 6; 7 for the digits
    nt_hpool2 = slim.avg_pool2d(h_pool2, [side, side], stride=side, padding="SAME")
    nt_hpool2_flat = tf.reshape(nt_hpool2, [-1, 64])
    y_conv = slim.fully_connected(nt_hpool2_flat, 10, activation_fn=None)  # the loss takes the softmax

    net = training.nodes(x, y_conv, tf.train.AdamOptimizer(ex.learning_rate))

for variable in tf.trainable_variables():
    print(f"{variable.op.name:32s} {variable.shape}")
saver = tf.train.Saver(save_relative_paths=True)

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    with training.queue_threads(sess):
        training.train(ex, sess, saver, source, net, book={})
        training.test(ex, sess, source, net)
evaluation.accuracy_figure(ex, {})

# %% Results
ex.report("cross-entropy on the last batch shown", ex.history["cross_entropy"][-1][1])
ex.report("weights", models.trainable_parameters())
ex.finish()
