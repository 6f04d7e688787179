"""Example 61 · Static LSTM feeding a GRU on MNIST (静态多层 RNN-LSTM 连接 GRU 对 MNIST 数据集分类)

Book:      intro 9.4.7, listing 9-8
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     LSTMCell of 128 and GRUCell of 256 in a MultiRNNCell, unrolled, the last output → 10; 376,064 + 2,570 weights
Shows:     that the layers of a MultiRNNCell may be of different kinds and widths: the output has the width of the
           last one, the state is the pair of their states, (c, h) of the LSTM and h of the GRU
Departs:   tested on all 10,000 pictures, the first 128 beside. --quick reads four rows a step
Time:      3.3 min on 2 CPU cores (beside other work)
"""

import models

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
    quick={"training_iters": 8_960, "n_steps": 7},
)
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The network (listing 9-8)
def lstm_then_gru(rows):
    """Return outputs, a list of [batch, 2 · hidden], and the two states."""
    gru = tf.nn.rnn_cell.GRUCell(ex.n_hidden * 2)
    lstm_cell = tf.nn.rnn_cell.LSTMCell(ex.n_hidden)
    mcell = tf.nn.rnn_cell.MultiRNNCell([lstm_cell, gru])
    return tf.nn.static_rnn(mcell, tf.unstack(rows, axis=1), dtype=tf.float32)


(outputs, (lstm_state, gru_state)), weights = models.at_book_size(lstm_then_gru)
printed = f"{len(outputs)} {models.shapes(outputs[-1])}"
print(f"28 rows give {len(outputs)} outputs {outputs[-1].shape}")
print(f"the states: c {lstm_state.c.shape}, h {lstm_state.h.shape} of the LSTM, {gru_state.shape} of the GRU")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")
    outputs, states = lstm_then_gru(x)
    pred = tf.layers.dense(outputs[-1], n_classes)
    model = models.RowClassifier(x, y, pred, ex.learning_rate)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
models.training_curves(ex, model)

# %% Results
models.report_test(ex, model, test)
ex.report("outputs", printed, book="28 (?, 256)")
ex.report("states: c and h of the LSTM, h of the GRU", models.shapes(*lstm_state, gru_state))
ex.report("recurrent weights", weights)
ex.report("all weights", weights + models.weight_count("dense"))
ex.finish()
