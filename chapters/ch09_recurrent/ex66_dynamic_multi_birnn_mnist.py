"""Example 66 · Dynamic multi-layer BiRNN on MNIST (构建动态多层双向 RNN 对 MNIST 数据集分类)

Book:      intro 9.4.13, listing 9-19
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     a MultiRNNCell of three LSTMCells of 128 in each direction, 687,104 weights; 256 → 10, 2,570; two such
           networks with one start and the same batches
Shows:     stack_bidirectional_dynamic_rnn: a tensor in, the concatenated outputs of both directions out
Departs:   stack_bidirectional_dynamic_rnn is gone with contrib and is written anew here. The network "both ends" takes
           each direction's output where it has read all rows; the book takes both at the last position, where the three
           backward layers have read the bottom row alone ("last position"). Both are measured, on all 10,000 pictures
           and on the first 128. --quick reads seven rows a step into 64 units
Time:      7.4 min on 2 CPU cores (beside other work)
"""

import models
from _rows_directions import TwoReadouts

from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    learning_rate=0.001,
    training_iters=60_000,  # pictures, not steps
    batch_size=128,
    display_step=10,
    n_steps=28,
    n_hidden=128,
    layers=3,
    quick={"training_iters": 3_968, "n_steps": 4, "n_hidden": 64},
    book={"training_iters": 100_000},
)
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The network (listing 9-19)
def stack_bidirectional_dynamic_rnn(cells_fw, cells_bw, inputs):
    """Build a bidirectional layer for each pair of cells; it reads the outputs of the one below it.

    `inputs`: [batch, step, features]. Returns the top layer's outputs, [batch, step, forward + backward units].
    """
    for number, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
        with tf.variable_scope(f"layer_{number}"):
            outputs, _ = tf.nn.bidirectional_dynamic_rnn(cell_fw, cell_bw, inputs, dtype=tf.float32)
            inputs = tf.concat(outputs, 2)
    return inputs


def stack(n_hidden):
    return tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(n_hidden) for _ in range(ex.layers)])


def birnn(rows, n_hidden=128):
    """Return the outputs as [step, batch, 2 · hidden]."""
    outputs = stack_bidirectional_dynamic_rnn([stack(n_hidden)], [stack(n_hidden)], rows)
    return tf.transpose(outputs, [1, 0, 2])


outputs, weights = models.at_book_size(birnn)
printed = models.shapes(outputs[-1], outputs)
print(printed)

# %% The graph: the book's network, and the one that reads each direction at its own end
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    with tf.variable_scope("last_position"):
        last = birnn(x, ex.n_hidden)[-1]
        book_way = models.RowClassifier(x, y, tf.layers.dense(last, n_classes), ex.learning_rate, name="last_position")

    with tf.variable_scope("both_ends"):
        outputs = birnn(x, ex.n_hidden)
        ends = tf.concat([outputs[-1, :, : ex.n_hidden], outputs[0, :, ex.n_hidden :]], 1)
        both_ends = models.RowClassifier(x, y, tf.layers.dense(ends, n_classes), ex.learning_rate, name="both_ends")

    readouts = TwoReadouts(both_ends, book_way, (ends[:, ex.n_hidden :], last[:, ex.n_hidden :]), ex.n_hidden)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    readouts.train_and_test(ex, sess, digits)
models.training_curves(ex, both_ends, book_way)

# %% Results
ex.report("the printed line", printed, book="(?, 256) (28, ?, 256)")
ex.report("recurrent weights", weights)
ex.report("all weights", weights + 256 * n_classes + n_classes)
readouts.report(ex)
ex.finish()
