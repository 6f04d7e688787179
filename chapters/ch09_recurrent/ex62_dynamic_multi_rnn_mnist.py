"""Example 62 · Dynamic multi-layer RNN on MNIST (动态多层 RNN 对 MNIST 数据集分类)

Book:      intro 9.4.8, listing 9-9
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     example 61's LSTMCell of 128 and GRUCell of 256, in dynamic_rnn, the last output → 10; 376,064 + 2,570
           weights
Shows:     a MultiRNNCell in the loop of dynamic_rnn, and the shapes on the way to the classifier; that it is the
           network of example 61: static_rnn with the same weights gives the same outputs
Departs:   tested on all 10,000 pictures, the first 128 beside. --quick reads four rows a step
Time:      3.5 min on 2 CPU cores (beside other work)
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


# %% The network (listing 9-9)
def stack():
    """Return the stack of example 61."""
    gru = tf.nn.rnn_cell.GRUCell(ex.n_hidden * 2)
    lstm_cell = tf.nn.rnn_cell.LSTMCell(ex.n_hidden)
    return tf.nn.rnn_cell.MultiRNNCell([lstm_cell, gru])


def lstm_then_gru(rows):
    """Return the outputs as [batch, step, unit] and transposed to [step, batch, unit]."""
    outputs, _ = tf.nn.dynamic_rnn(stack(), rows, dtype=tf.float32)
    return outputs, tf.transpose(outputs, [1, 0, 2])


(by_batch, by_step), weights = models.at_book_size(lstm_then_gru)
printed = [models.shapes(by_batch), models.shapes(by_step), models.shapes(by_step[-1])]
for shape, what in zip(printed, ("dynamic_rnn returns", "transposed", "the last step"), strict=True):
    print(f"{what:20} {shape}")

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")
    _, outputs = lstm_then_gru(x)
    pred = tf.layers.dense(outputs[-1], n_classes)
    model = models.RowClassifier(x, y, pred, ex.learning_rate)

    # The same weights once more, unrolled: "rnn" is the scope in which dynamic_rnn made them.
    with tf.variable_scope("rnn", reuse=True) as scope:
        unrolled, _ = tf.nn.static_rnn(stack(), tf.unstack(x, axis=1), dtype=tf.float32, scope=scope)

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
    dynamic_last, static_last = sess.run([outputs[-1], unrolled[-1]], model.feed(*digits.test.next_batch(100)))
difference = float(abs(dynamic_last - static_last).max())
print(f"static_rnn with the same weights: its last output differs by {difference:.1e} at most")
models.training_curves(ex, model)

# %% Results
models.report_test(ex, model, test)
names = ("shape that dynamic_rnn returns", "shape transposed", "shape of the last step")
for name, shape, book in zip(names, printed, ("(?, 28, 256)", "(28, ?, 256)", "(?, 256)"), strict=True):
    ex.report(name, shape, book=book)
ex.report("recurrent weights", weights)
ex.report("all weights", weights + models.weight_count("dense"))
ex.report("largest difference from static_rnn with the same weights", difference)
ex.finish()
