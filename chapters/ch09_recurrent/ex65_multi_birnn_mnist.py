"""Example 65 · Multi-layer BiRNN on MNIST (构建多层双向 RNN 对 MNIST 数据集分类)

Book:      intro 9.4.12, listings 9-16 (--variant one), 9-17 (list) and 9-18 (multi)
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     LSTMCells of 128 in both directions, unrolled. one: a single layer, 160,768 weights; list: three layers,
           each reads the concatenated outputs of the one below, 949,248; multi: a stack of three in each direction,
           which meet at the top only, 687,104; then 256 → 10, 2,570
Shows:     stack_bidirectional_rnn with its lists of cells, one for each layer and direction; that listings 9-17 and
           9-18 are two different networks, by their weights and by what the backward half can see
Departs:   stack_bidirectional_rnn is gone with contrib and is written anew here. The classifier reads each direction
           where it has read all rows; --readout last-position is the book's way, both directions at the last row (63
           and 64 train the two side by side). Tested on all 10,000 pictures, the first 128 beside. --quick reads seven
           rows a step into 64 units
Time:      4.8 min on 2 CPU cores (beside other work)
"""

import _rows_directions as directions
import models
import numpy as np

from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    variant=Choice("list", "multi", "one"),
    readout=Choice("both-ends", "last-position"),
    learning_rate=0.001,
    training_iters=100_000,  # pictures, not steps
    batch_size=128,
    display_step=10,
    n_steps=28,
    n_hidden=128,
    quick={"training_iters": 5_248, "n_steps": 4, "n_hidden": 64},
    book={"readout": "last-position"},
)
VARIANTS = ("one", "list", "multi")
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The networks
def stack_bidirectional_rnn(cells_fw, cells_bw, inputs):
    """Build a bidirectional layer for each pair of cells; it reads the outputs of the one below it.

    `inputs`: a list of [batch, features]. Returns the top layer's outputs, a list of [batch, forward + backward units].
    """
    for number, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw, strict=True)):
        with tf.variable_scope(f"layer_{number}"):
            inputs, _, _ = tf.nn.static_bidirectional_rnn(cell_fw, cell_bw, inputs, dtype=tf.float32)
    return inputs


def cells(variant, n_hidden):
    """Return the list of cells of one direction."""
    if variant == "multi":  # listing 9-18: the three layers are one cell, and the list has one element
        return [tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(n_hidden) for _ in range(3)])]
    return [tf.nn.rnn_cell.LSTMCell(n_hidden) for _ in range(1 if variant == "one" else 3)]


def birnn(rows, variant, n_hidden=128):
    """Return the outputs of `variant`, a list of [batch, 2 · hidden]."""
    x1 = tf.unstack(rows, axis=1)
    return stack_bidirectional_rnn(cells(variant, n_hidden), cells(variant, n_hidden), x1)


def halves(outputs, n_hidden, readout):
    """Return the forward and the backward half that the classifier reads."""
    backward_at = 0 if readout == "both-ends" else -1
    return outputs[-1][:, :n_hidden], outputs[backward_at][:, n_hidden:]


# %% What they are: weights, and which rows the backward half depends on (small networks show it as well)
def dependence(rows, variant):
    """Return which steps of `rows` the backward half has read at the last position, and where its own end is."""
    ex.seed_everything()
    outputs = birnn(rows, variant, n_hidden=4)
    ways = [halves(outputs, 4, readout)[1] for readout in ("last-position", "both-ends")]
    with ex.session(rows.graph, rewrite=False) as sess:
        sess.run(tf.global_variables_initializer())
        return directions.steps_seen(sess, ways, rows, np.random.uniform(size=rows.shape.as_list()[1:]))


outputs, _ = models.at_book_size(lambda rows: birnn(rows, ex.variant))
printed = f"{models.shapes(outputs[-1])} {len(outputs)}"
print(f"{ex.variant}: {len(outputs)} outputs {outputs[-1].shape}")
counts = {name: models.at_book_size(lambda rows, name=name: birnn(rows, name), rows=2)[1] for name in VARIANTS}
sees = {name: models.at_book_size(lambda rows, name=name: dependence(rows, name), rows=3)[0] for name in VARIANTS}
for name in VARIANTS:
    print(f"{name:5} {counts[name]:7,} weights; of rows 0, 1, 2 the backward half has read {sees[name][0]} at the last")
    print(f"      position and {sees[name][1]} at the first")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")
    outputs = birnn(x, ex.variant, ex.n_hidden)
    pred = tf.layers.dense(tf.concat(halves(outputs, ex.n_hidden, ex.readout), 1), n_classes)
    model = models.RowClassifier(x, y, pred, ex.learning_rate)
    memory = directions.backward_memory("", ex.n_hidden)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    before = sess.run(memory)
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
    still = directions.unmoved(before, sess.run(memory))
models.training_curves(ex, model)
all_memory = sum(weights.size for weights in before)
print(f"of {all_memory} weights of the backward cells' memory the training left {still} untouched ({ex.readout})")

# %% Results
models.report_test(ex, model, test)
ex.report("outputs", printed)
for name in VARIANTS:
    ex.report(f"recurrent weights, {name}", counts[name])
    ex.report(f"of rows 0 to 2 in the backward half at the last position, {name}", sees[name][0])
    ex.report(f"of rows 0 to 2 in the backward half at the first position, {name}", sees[name][1])
ex.report("all weights", counts[ex.variant] + 256 * n_classes + n_classes)
ex.report("backward memory weights", all_memory)
ex.report("untouched backward memory weights", still)
ex.finish()
