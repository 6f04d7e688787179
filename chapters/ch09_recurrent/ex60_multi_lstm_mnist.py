"""Example 60 · Static 3-layer LSTM on MNIST (静态多层 LSTM 对 MNIST 数据集分类)

Book:      intro 9.4.6, listing 9-7
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     three LSTMCells of 128 in a MultiRNNCell, unrolled, the last output → 10; 343,552 + 1,290 weights
Shows:     layers one above the other at every step: MultiRNNCell makes one cell of a list of cells, and static_rnn
           takes it like any other. Each layer has a state of its own
Departs:   tested on all 10,000 pictures, the first 128 beside. --quick reads four rows a step
Time:      3.1 min on 2 CPU cores (beside other work)
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
    layers=3,
    quick={"training_iters": 8_960, "n_steps": 7},
)
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10

# %% The data
digits = mnist.load(ex.data, one_hot=True)


# %% The network (listing 9-7)
def multi_lstm(rows):
    """Return outputs, a list of [batch, hidden], and the states of a stack of LSTMs that reads `rows`."""
    # A new cell for each layer: [cell] * 3 would be one cell three times (section 9.4.9 shows what becomes of it).
    stacked_rnn = [tf.nn.rnn_cell.LSTMCell(ex.n_hidden) for _ in range(ex.layers)]
    mcell = tf.nn.rnn_cell.MultiRNNCell(stacked_rnn)
    return tf.nn.static_rnn(mcell, tf.unstack(rows, axis=1), dtype=tf.float32)


(outputs, states), weights = models.at_book_size(multi_lstm)
printed = f"{len(outputs)} {models.shapes(outputs[-1])}"
kinds = [type(state).__name__ for state in states]
print(f"28 rows give {len(outputs)} outputs {outputs[-1].shape} and {len(states)} states (c, h), one for each layer")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")
    outputs, states = multi_lstm(x)
    pred = tf.layers.dense(outputs[-1], n_classes)
    model = models.RowClassifier(x, y, pred, ex.learning_rate)

# %% Training and test
with ex.session(rewrite=ex.training_iters > 20_000) as sess:  # a short run does not earn it back
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
    top_output, top_state = sess.run([outputs[-1], states[-1].h], {x: model.feed(*digits.test.next_batch(100))[x]})
difference = float(abs(top_output - top_state).max())
print(f"the last output is the h of the top layer's state: they differ by {difference}")
models.training_curves(ex, model)

# %% Results
models.report_test(ex, model, test)
ex.report("outputs", printed)
ex.report("states", kinds)
ex.report("recurrent weights", weights)
ex.report("all weights", weights + models.weight_count("dense"))
ex.report("largest difference of the last output and the top layer's h", difference)
ex.finish()
