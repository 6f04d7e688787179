"""Example 59 · Single-layer dynamic RNN on MNIST (创建动态单层 RNN 网络对 MNIST 数据集分类)

Book:      intro 9.4.5, listing 9-6
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     GRUCell of 128 in dynamic_rnn, the last output → 10; 60,288 + 1,290 weights
Shows:     dynamic_rnn, a loop inside the graph: a tensor in, a tensor out, [batch, step, unit]. Transposed to
           [step, batch, unit] its element -1 is the last step; outputs[:, -1] and the state are the same numbers.
           How many operations the loop saves against example 58's graph
Departs:   tested on all 10,000 pictures, the first 128 beside
Time:      53 s on 2 CPU cores (beside other work)
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

# %% The graph (listing 9-6)
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_steps, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_classes], name="y")

    gru = tf.nn.rnn_cell.GRUCell(ex.n_hidden)
    by_batch, state = tf.nn.dynamic_rnn(gru, x, dtype=tf.float32)
    outputs = tf.transpose(by_batch, [1, 0, 2])
    pred = tf.layers.dense(outputs[-1], n_classes)

    model = models.RowClassifier(x, y, pred, ex.learning_rate)

printed = models.shapes(by_batch, outputs, outputs[-1])
print("dynamic_rnn returns, transposed, its last step:", printed)


# %% What unrolling costs: the operations of the forward pass
def operations(unrolled):
    def network(rows):
        cell = tf.nn.rnn_cell.GRUCell(ex.n_hidden)
        if unrolled:
            tf.nn.static_rnn(cell, tf.unstack(rows, n_steps, 1), dtype=tf.float32)
        else:
            tf.nn.dynamic_rnn(cell, rows, dtype=tf.float32)
        return len(rows.graph.get_operations())

    return models.at_book_size(network)[0]


static_operations, dynamic_operations = operations(unrolled=True), operations(unrolled=False)
print(f"operations in the graph: static_rnn {static_operations}, dynamic_rnn {dynamic_operations}")

# %% Training and test
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    models.train(ex, sess, digits, model)
    (test,) = models.test(sess, digits, model)
    some = model.feed(digits.test.images[:1000], digits.test.labels[:1000])
    transposed, sliced, last_state = sess.run([outputs[-1], by_batch[:, -1], state], some)
differences = [float(abs(transposed - other).max()) for other in (sliced, last_state)]
print("the last output differs from outputs[:, -1] by {}, from the state by {}".format(*differences))
models.training_curves(ex, model)

# %% Results
models.report_test(ex, model, test)
ex.report("shapes: dynamic_rnn, transposed, last step", printed)
ex.report("recurrent weights", models.weight_count("rnn"))
ex.report("all weights", models.weight_count(""))
ex.report("largest difference from outputs[:, -1] and from the state", max(differences))
ex.report("operations, static_rnn", static_operations)
ex.report("operations, dynamic_rnn", dynamic_operations)
ex.finish()
