"""Example 64 · Single-layer static BiRNN on MNIST (构建单层静态双向 RNN 对 MNIST 数据集分类)

Book:      intro 9.4.11, listing 9-15
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     two BasicLSTMCells of 128, one reading the rows from the top, one from the bottom, unrolled; 256 → 10;
           160,768 + 2,570 weights; two such networks with one start and the same batches
Shows:     static_bidirectional_rnn: a list in, a list of outputs that are concatenated already, and the two last
           states, which are the outputs of both directions after all rows
Departs:   the network "both ends" classifies by these two states. The book takes the last output of the list ("last
           position"): there the backward cell has read the bottom row alone (see example 63). Both are measured, on all
           10,000 pictures and on the first 128: the book's 0.992188 is 127 of 128. --quick reads four rows a step
Time:      2.5 min on 2 CPU cores (beside other work)
"""

import models
from _rows_directions import TwoReadouts

from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    learning_rate=0.001,
    training_iters=100_000,  # pictures, not steps
    batch_size=128,
    display_step=10,
    n_steps=28,
    n_hidden=128,
    quick={"training_iters": 5_248, "n_steps": 7},
)
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10

# The lines that the book prints: training pictures → (loss, accuracy) of the batch.
BOOK = {1280: (2.142399, 0.30469), 2560: (1.830110, 0.37500), 3840: (1.613333, 0.46875)}
BOOK |= {96000: (0.114890, 0.95312), 97280: (0.159568, 0.94531), 98560: (0.168179, 0.96094), 99840: (0.089507, 0.97656)}
# How far apart our own runs lie at the first three: two standard deviations over six starts, with the accuracies at
# least two standard errors of 128 pictures. At the others it is taken from the run itself.
EARLY = {1280: (0.08, 0.1), 2560: (0.09, 0.09), 3840: (0.13, 0.13)}

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The network (listing 9-15)
def birnn(rows):
    """Return outputs, a list of [batch, 2 · hidden], and the last state of each direction."""
    lstm_fw_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    lstm_bw_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    return tf.nn.static_bidirectional_rnn(lstm_fw_cell, lstm_bw_cell, tf.unstack(rows, axis=1), dtype=tf.float32)


(outputs, _, _), weights = models.at_book_size(birnn)
printed = f"{models.shapes(outputs[0])} {len(outputs)}"
print(printed)

# %% The graph: the book's network, and the one that reads each direction at its own end
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    with tf.variable_scope("last_position"):
        outputs, _, _ = birnn(x)
        pred = tf.layers.dense(outputs[-1], n_classes)
        book_way = models.RowClassifier(x, y, pred, ex.learning_rate, name="last_position", book=BOOK)

    with tf.variable_scope("both_ends"):
        _, state_fw, state_bw = birnn(x)
        ends = tf.concat([state_fw.h, state_bw.h], 1)
        both_ends = models.RowClassifier(x, y, tf.layers.dense(ends, n_classes), ex.learning_rate, name="both_ends")

    readouts = TwoReadouts(both_ends, book_way, (state_bw.h, outputs[-1][:, ex.n_hidden :]), ex.n_hidden)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    readouts.train_and_test(ex, sess, digits)
models.training_curves(ex, both_ends, book_way)

# %% Results
ex.report("the printed line", printed, book="(?, 256) 28")
ex.report("recurrent weights", weights)
ex.report("all weights", weights + models.weight_count("both_ends/dense"))
readouts.report(ex, book=0.992188, tolerance=0.025)  # two standard errors of 128 pictures
late = models.late_spread(ex, book_way)
models.report_lines(ex, book_way, {seen: EARLY.get(seen, late) for seen in BOOK})
ex.finish()
