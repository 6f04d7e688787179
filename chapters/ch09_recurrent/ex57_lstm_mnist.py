"""Example 57 · Single-layer LSTM on MNIST (构建单层 LSTM 网络对 MNIST 数据集分类)

Book:      intro 9.4.3, listing 9-3; --cell LSTMCell is the variant of file 9-4
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     BasicLSTMCell of 128, unrolled over the 28 rows, the last output → 10; 80,384 + 1,290 weights
Shows:     a picture as a sequence, static_rnn, and the last output as the input of a classifier
Departs:   the accuracy is measured on all 10,000 test pictures; the book's 0.945 is of 128 pictures and stands beside
           its own measure
Time:      41 s on 2 CPU cores
"""

from models import COLUMNS, ROWS, RowClassifier, training_curves, training_lines, weight_count

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
n_classes = 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)

# %% The graph (listing 9-3)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ROWS, COLUMNS], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    x1 = tf.unstack(x, ROWS, 1)  # static_rnn takes a list: 28 tensors [batch, 28], one for each row

    if ex.cell == "BasicLSTMCell":
        lstm_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    else:
        lstm_cell = tf.nn.rnn_cell.LSTMCell(ex.n_hidden, forget_bias=1.0)
    outputs, states = tf.nn.static_rnn(lstm_cell, x1, dtype=tf.float32)
    pred = tf.layers.dense(outputs[-1], n_classes)  # the last output has seen every row

    model = RowClassifier(x, y, pred, ex.learning_rate)

print(f"{len(x1)} inputs {x1[0].shape}, {len(outputs)} outputs {outputs[-1].shape}, the state {states}")

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    model.train(ex, sess, digits, BOOK)
    accuracy, cost, first_accuracy = model.test(sess, digits)
print("Testing Accuracy:", accuracy)
training_curves(ex, BOOK)

# %% Results
ex.report("test accuracy, all 10,000 pictures", accuracy)
ex.report("test cross-entropy, all 10,000 pictures", cost)
# 0.961 to 0.992 over seeds 1 to 5; the tolerance is one standard error of 128 pictures
ex.report("test accuracy, first 128 pictures", first_accuracy, book=0.945, better="higher", tolerance=0.02)
ex.report("recurrent weights", weight_count("rnn"))
ex.report("all weights", weight_count(""))
lines = training_lines(ex)
for seen in BOOK:
    if seen in lines:
        ex.report(f"loss, Iter {seen}", lines[seen][0], book=BOOK[seen][0], tolerance=SPREAD[seen][0])
        ex.report(f"training accuracy, Iter {seen}", lines[seen][1], book=BOOK[seen][1], tolerance=SPREAD[seen][1])
ex.finish()
