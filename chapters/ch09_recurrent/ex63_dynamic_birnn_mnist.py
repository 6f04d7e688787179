"""Example 63 · Single-layer dynamic BiRNN on MNIST (构建单层动态双向 RNN 对 MNIST 数据集分类)

Book:      intro 9.4.10, listing 9-14
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     two BasicLSTMCells of 128, one reading the rows from the top, one from the bottom; 256 → 10;
           160,768 + 2,570 weights; two such networks with one start and the same batches
Shows:     bidirectional_dynamic_rnn: a pair of outputs, to be concatenated. And where each direction has read all rows:
           the forward one at the last position, the backward one at the first
Departs:   the network "both ends" takes each direction's output where it has read everything. The book takes both at
           the last position ("last position"): there the backward cell has read one row, the bottom one, and the
           weights that carry its memory are never trained. Both are measured, on all 10,000 pictures and on the first
           128. --quick reads four rows a step
Time:      3.5 min on 2 CPU cores (beside other work)
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

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The network (listing 9-14)
def birnn(rows):
    """Return the outputs of the two directions, each [batch, step, hidden]."""
    lstm_fw_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    lstm_bw_cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden, forget_bias=1.0)
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(lstm_fw_cell, lstm_bw_cell, rows, dtype=tf.float32)
    return outputs


outputs, weights = models.at_book_size(birnn)
printed = f"{len(outputs)} {models.shapes(*outputs)}"
print(printed)

# %% The graph: the book's network, and the one that reads each direction at its own end
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    with tf.variable_scope("last_position"):
        outputs = tf.concat(birnn(x), 2)  # [batch, step, 2 · hidden]
        last = tf.transpose(outputs, [1, 0, 2])[-1]
        book_way = models.RowClassifier(x, y, tf.layers.dense(last, n_classes), ex.learning_rate, name="last_position")

    with tf.variable_scope("both_ends"):
        # The backward outputs are returned in the order of the rows: its last one stands at position 0.
        output_fw, output_bw = birnn(x)
        ends = tf.concat([output_fw[:, -1], output_bw[:, 0]], 1)
        both_ends = models.RowClassifier(x, y, tf.layers.dense(ends, n_classes), ex.learning_rate, name="both_ends")

    readouts = TwoReadouts(both_ends, book_way, (ends[:, ex.n_hidden :], last[:, ex.n_hidden :]), ex.n_hidden)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    readouts.train_and_test(ex, sess, digits)
models.training_curves(ex, both_ends, book_way)

# %% Results
ex.report("the printed line", printed, book="2 (?, 28, 128) (?, 28, 128)")
ex.report("recurrent weights", weights)
ex.report("all weights", weights + models.weight_count("both_ends/dense"))
readouts.report(ex)
ex.finish()
