"""Example 58 · Single-layer GRU on MNIST (构建单层 GRU 网络对 MNIST 数据集分类)

Book:      intro 9.4.4, listing 9-5: example 57 with two lines changed
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     GRUCell of 128, unrolled over the 28 rows, the last output → 10; 60,288 + 1,290 weights
Shows:     that the cell is exchanged in one line; and what static_rnn returns: always (outputs, state). A GRU's state
           is its output, so the slip of not unpacking them goes unnoticed here; with an LSTM it does not
Departs:   outputs and state are unpacked: the book drops the state "because a GRU has only one output", and so takes
           the last element of the pair, the state. Tested on all 10,000 pictures, the first 128 beside
Time:      1.7 min on 2 CPU cores (beside other work)
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
    n_hidden=128,
    quick={"training_iters": 8_960},
)
n_steps, n_input, n_classes = 28, 28, 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)

# %% The graph (listing 9-5)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")
    x1 = tf.unstack(x, n_steps, 1)

    gru = tf.nn.rnn_cell.GRUCell(ex.n_hidden)
    outputs, state = tf.nn.static_rnn(gru, x1, dtype=tf.float32)
    pred = tf.layers.dense(outputs[-1], n_classes)
    from_the_pair = (outputs, state)[-1]  # what the book's [-1] picks

    model = models.RowClassifier(x, y, pred, ex.learning_rate)


# %% The same slip with an LSTM: its state is the pair (c, h), which cannot be taken for an output
def not_unpacked(rows):
    cell = tf.nn.rnn_cell.BasicLSTMCell(ex.n_hidden)
    return tf.nn.static_rnn(cell, tf.unstack(rows, axis=1), dtype=tf.float32)[-1]


lstm_state, _ = models.at_book_size(not_unpacked, rows=2)
slip = type(lstm_state).__name__

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
    some = model.feed(digits.test.images[:1000], digits.test.labels[:1000])
    last_output, last_state = sess.run([outputs[-1], from_the_pair], some)
difference = float(abs(last_output - last_state).max())
print(f"GRU:  the last output {outputs[-1].shape} and the state {state.shape} differ by {difference}")
print(f"LSTM: the element [-1] of the pair is a {slip} of {models.shapes(*lstm_state)}, not an output")
models.training_curves(ex, model)

# %% Results
models.report_test(ex, model, test)
ex.report("recurrent weights", models.weight_count("rnn"))
ex.report("all weights", models.weight_count(""))
ex.report("largest difference of the last output and the state", difference)
ex.report("what [-1] of the pair is with an LSTM", slip)
ex.finish()
