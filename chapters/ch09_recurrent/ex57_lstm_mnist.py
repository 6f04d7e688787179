"""Example 57 · Single-layer LSTM on MNIST (构建单层 LSTM 网络对 MNIST 数据集分类)

Book:      intro 9.4.3, listing 9-3; --cell LSTMCell is the variant of file 9-4
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     BasicLSTMCell of 128, unrolled over the 28 rows, the last output → 10; 80,384 + 1,290 weights
Shows:     a picture as a sequence, static_rnn, and the last output as the input of a classifier
Departs:   the accuracy is measured on all 10,000 test pictures; the book's 0.945 is of 128 pictures and stands beside
           its own measure
Time:      41 s on 2 CPU cores
"""

import models

from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    learning_rate=0.001,
    training_iters=100_000,  # pictures, not steps
    batch_size=128,
    display_step=10,
    n_hidden=128,
    cell=Choice("BasicLSTMCell", "LSTMCell"),
    quick={"training_iters": 12_800},
)

# The lines that the book prints: training pictures → (loss, accuracy) of the batch.
BOOK = {1280: (1.957660, 0.35156), 2560: (1.633594, 0.46875), 98560: (0.156201, 0.94531), 99840: (0.170062, 0.94531)}
# How far apart our own runs lie there: over 16 starts for the first two lines, over seeds 1 to 5 for the others.
SPREAD = {1280: (0.18, 0.16), 2560: (0.33, 0.20), 98560: (0.11, 0.03), 99840: (0.13, 0.04)}
n_steps, n_input, n_classes = 28, 28, 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)

# %% The graph (listing 9-3)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    x1 = tf.unstack(x, n_steps, 1)  # static_rnn takes a list: 28 tensors [batch, 28], one for each row

    if ex.cell == "BasicLSTMCell":
        lstm_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    else:
        lstm_cell = tf.nn.rnn_cell.LSTMCell(ex.n_hidden, forget_bias=1.0)
    outputs, states = tf.nn.static_rnn(lstm_cell, x1, dtype=tf.float32)
    pred = tf.layers.dense(outputs[-1], n_classes)  # the last output has seen every row

    model = models.RowClassifier(x, y, pred, ex.learning_rate, book=BOOK)

print(f"{len(x1)} inputs {x1[0].shape}, {len(outputs)} outputs {outputs[-1].shape}, the state {states}")

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
models.training_curves(ex, model)

# %% Results
# On the first 128 pictures 0.961 to 0.992 over seeds 1 to 5; the tolerance is one standard error of 128 pictures
models.report_test(ex, model, test, book=0.945, tolerance=0.02)
ex.report("recurrent weights", models.weight_count("rnn"))
ex.report("all weights", models.weight_count(""))
models.report_lines(ex, model, SPREAD)
ex.finish()
