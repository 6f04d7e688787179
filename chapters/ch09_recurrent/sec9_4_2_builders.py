"""Section 9.4.2 · Static, dynamic and bidirectional builders; variable-length sequences (通过 cell 类构建 RNN)

Book:      intro 9.4.2, table 9-2 and the listing of its part 4; the cells of table 9-1
Data:      random sequences; for the timing the rows of 100 MNIST-sized pictures of random pixels
Model:     the cell classes with 3 units; for the timing LSTM(128) over 28 rows of 28 pixels, then 10 classes
Shows:     what each builder takes and returns, and that they compute the same; what sequence_length does: zeros
           behind the end, and the last valid state; how the graphs grow; where the time of an LSTM goes, and what of
           it TensorFlow can give back: a table of six ways, measured in this run
Departs:   tf.contrib's two stack_bidirectional functions are gone and are loops here; the book's comment gives the
           second sequence a length of 3, its code 1; the timing is ours
Time:      81 s on 2 CPU cores
"""

import time

import _recurrent_lstm as written_out
import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    batch_size=100,
    rows=28,
    n_hidden=128,
    learning_rate=0.001,
    steps=20,  # training steps in one measurement
    repeats=15,  # measurements of each way, in turn
    quick={"rows": 4, "steps": 2, "repeats": 3},
)
rnn_cell = tf.nn.rnn_cell
random = np.random.RandomState(ex.seed)


def largest(one, other):
    """Return the largest difference of two arrays."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


# %% Table 9-1: the cells, their states and their weights
cells = {
    "BasicRNNCell": rnn_cell.BasicRNNCell(3),
    "BasicLSTMCell": rnn_cell.BasicLSTMCell(3),
    "LSTMCell, peepholes, num_proj 2": rnn_cell.LSTMCell(3, use_peepholes=True, num_proj=2),
    "GRUCell": rnn_cell.GRUCell(3),
    "MultiRNNCell of two": rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(3), rnn_cell.GRUCell(3)]),
}
for name, cell in cells.items():
    cell(tf.zeros([2, 5]), cell.zero_state(2, tf.float32), scope=name.split(",")[0].replace(" ", "_"))
    shapes = [f"{v.op.name.split('/')[-1]} {v.shape.as_list()}" for v in cell.trainable_variables]
    print(f"{name}: state {cell.state_size}, output {cell.output_size}, {', '.join(shapes)}")

# %% Static and dynamic: a list of tensors, one for each step, against one tensor
tf.reset_default_graph()
ex.seed_everything()
n_steps, n_input = 6, 5
sequence = random.randn(2, n_steps, n_input).astype(np.float32)
x = tf.placeholder(tf.float32, [None, n_steps, n_input])
cell = rnn_cell.BasicLSTMCell(3)
static_outputs, static_state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
dynamic_outputs, dynamic_state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
time_major_outputs, _ = tf.nn.dynamic_rnn(cell, tf.transpose(x, [1, 0, 2]), dtype=tf.float32, time_major=True)
any_length = tf.placeholder(tf.float32, [None, None, n_input])  # only the dynamic one can leave the length open
any_outputs, _ = tf.nn.dynamic_rnn(cell, any_length, dtype=tf.float32)

# %% Bidirectional, and stacks of it
fw, bw = rnn_cell.BasicLSTMCell(3), rnn_cell.BasicLSTMCell(3)
both, both_states = tf.nn.bidirectional_dynamic_rnn(fw, bw, x, dtype=tf.float32)
static_both, static_fw, static_bw = tf.nn.static_bidirectional_rnn(fw, bw, tf.unstack(x, axis=1), dtype=tf.float32)
reversed_outputs, _ = tf.nn.dynamic_rnn(bw, tf.reverse(x, [1]), dtype=tf.float32)

layers = [(rnn_cell.GRUCell(3), rnn_cell.GRUCell(3)) for _ in range(2)]
stacked = x
for number, (layer_fw, layer_bw) in enumerate(layers):  # what stack_bidirectional_dynamic_rnn was
    with tf.variable_scope(f"layer_{number}"):
        pair, _ = tf.nn.bidirectional_dynamic_rnn(layer_fw, layer_bw, stacked, dtype=tf.float32)
        stacked = tf.concat(pair, 2)  # both directions of a layer are the inputs of the next
static_stacked = tf.unstack(x, axis=1)
for number, (layer_fw, layer_bw) in enumerate(layers):  # and stack_bidirectional_rnn
    with tf.variable_scope(f"layer_{number}"):
        static_stacked, _, _ = tf.nn.static_bidirectional_rnn(layer_fw, layer_bw, static_stacked, dtype=tf.float32)

# %% Sequences of unlike length: the book's listing
X = random.randn(2, 4, 5)
X[1, 1:] = 0
seq_lengths = [4, 1]
lstm, gru = rnn_cell.BasicLSTMCell(3, state_is_tuple=True, dtype=tf.float64), rnn_cell.GRUCell(3, dtype=tf.float64)
# Two dynamic_rnn in one graph need scopes of their own.
lstm_run = tf.nn.dynamic_rnn(lstm, X, seq_lengths, dtype=tf.float64, scope="lstm")
gru_run = tf.nn.dynamic_rnn(gru, X, seq_lengths, dtype=tf.float64, scope="gru")
without_lengths, _ = tf.nn.dynamic_rnn(lstm, X, dtype=tf.float64)

with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    fetches = [static_outputs, dynamic_outputs, time_major_outputs, static_state, dynamic_state]
    static, dynamic, time_major, state_static, state_dynamic = sess.run(fetches, {x: sequence})
    shorter = sess.run(any_outputs, {any_length: sequence[:, :4]})
    (out_fw, out_bw), states, joined, backwards = sess.run(
        [both, both_states, static_both, reversed_outputs], {x: sequence}
    )
    stack_dynamic, stack_static = sess.run([stacked, static_stacked], {x: sequence})
    (result, state), (gru_result, gru_state), padded = sess.run([lstm_run, gru_run, without_lengths])

print(f"\nstatic_rnn: {len(static)} outputs {static[0].shape}; dynamic_rnn: one {dynamic.shape}")
print(f"  {largest(np.stack(static, 1), dynamic):g} apart, time_major {largest(time_major.swapaxes(0, 1), dynamic):g},")
print(f"  states {largest(state_static, state_dynamic):g}; 4 steps instead of 6: {largest(shorter, dynamic[:, :4]):g}")
print(f"bidirectional_dynamic_rnn: a pair {out_fw.shape}, {out_bw.shape}; concatenate it yourself")
print(f"static_bidirectional_rnn: {len(joined)} outputs {joined[0].shape}, concatenated, and two states")
joined_apart = largest(np.stack(joined, 1), np.concatenate([out_fw, out_bw], 2))
backward_apart = largest(out_bw, backwards[:, ::-1])
stack_apart = largest(np.stack(stack_static, 1), stack_dynamic)
print(f"  {joined_apart:g} apart; the backward half is the reversed sequence's, turned round: {backward_apart:g}")
print(f"stacks of two: {stack_dynamic.shape}, static and dynamic {stack_apart:g} apart")

print("\nfull sequence:\n", result[0])
print("short sequence:\n", result[1])
print("state length", len(state), "\n", state[1])
print("short sequence of the GRU:\n", gru_result[1])
print("its state:", len(gru_state), "\n", gru_state[1])
last_valid = result[range(2), np.array(seq_lengths) - 1]
print(f"the state's h is the last valid output: {largest(state[1], last_valid):g} apart")
print(f"without sequence_length the short one's last output is {padded[1, -1]}, with it outputs[:, -1] is zeros")


# %% How the graphs grow with the number of steps
def graph_of(builder, length):
    """Return the number of operations of `builder` ("static" or "dynamic") over `length` steps, and its megabytes."""
    with tf.Graph().as_default() as graph:
        inputs = tf.placeholder(tf.float32, [None, length, n_input])
        if builder == "static":
            tf.nn.static_rnn(rnn_cell.BasicLSTMCell(3), tf.unstack(inputs, axis=1), dtype=tf.float32)
        else:
            tf.nn.dynamic_rnn(rnn_cell.BasicLSTMCell(3), inputs, dtype=tf.float32)
        return len(graph.get_operations()), graph.as_graph_def().ByteSize() / 1e6


growth = {builder: [graph_of(builder, length) for length in (7, 14, 28)] for builder in ("static", "dynamic")}
print("\noperations (and megabytes) of the graph for 7, 14 and 28 steps, without gradients")
for builder, sizes in growth.items():
    print(f"  {builder:8}", ", ".join(f"{count} ({megabytes:.3f})" for count, megabytes in sizes))

# %% Where the time goes: LSTM(128) over the rows of a picture, one training step each way
# A step of BasicLSTMCell multiplies [x, h] by the kernel. Three things in that need not be:
# - the inputs are known beforehand, so their part of all steps can be one product ("inputs in one product");
# - back-propagation makes the gradient of x too, which nobody asks for; apart, it is left out;
# - the kernel's gradient is a product at each step and a sum of them: with a gradient of one's own it is one product.
tf.reset_default_graph()
ex.seed_everything()
pixels, n_classes = 28, 10
LSTMS = {
    "dynamic_rnn": lambda x: tf.nn.dynamic_rnn(rnn_cell.BasicLSTMCell(ex.n_hidden), x, dtype=tf.float32)[1].h,
    "static_rnn": lambda x: tf.nn.static_rnn(
        rnn_cell.BasicLSTMCell(ex.n_hidden), tf.unstack(x, axis=1), dtype=tf.float32
    )[0][-1],
    "Keras layer": tf.keras.layers.LSTM(ex.n_hidden),
    "raw_ops.BlockLSTM": lambda x: written_out.block_lstm(x, *written_out.new_weights(pixels, ex.n_hidden)),
    "inputs in one product": lambda x: written_out.one_product(x, *written_out.new_weights(pixels, ex.n_hidden)),
    "the same, own gradient": lambda x: written_out.own_gradient(x, *written_out.new_weights(pixels, ex.n_hidden)),
}
SAME_WEIGHTS = [name for name in LSTMS if name != "Keras layer"]  # its gates stand in another order
pictures = random.rand(ex.batch_size, ex.rows, pixels).astype(np.float32)
digits = np.eye(n_classes, dtype=np.float32)[random.randint(n_classes, size=ex.batch_size)]


class Way:
    """A classifier whose LSTM is built by `build`, and what it took to build it."""

    def __init__(self, name, build):
        started = time.perf_counter()
        with tf.variable_scope(name.replace(" ", "_").replace(",", "")) as scope, tf.device(ex.device):
            self.output = build(x)
            logits = tf.layers.dense(self.output, n_classes)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
            self.weights = tf.trainable_variables(f"{scope.name}/")
            optimizer = tf.train.AdamOptimizer(ex.learning_rate)
            gradients = optimizer.compute_gradients(loss, self.weights)
            self.gradient = gradients[0][0]  # of the kernel
            self.train = optimizer.apply_gradients(gradients)
        self.build_seconds = time.perf_counter() - started


x = tf.placeholder(tf.float32, [ex.batch_size, ex.rows, pixels], name="x")
y = tf.placeholder(tf.float32, [ex.batch_size, n_classes], name="y")
ways = {name: Way(name, build) for name, build in LSTMS.items()}
with tf.variable_scope("products"), tf.device(ex.device):
    products = written_out.products_alone(x, *written_out.new_weights(pixels, ex.n_hidden))
PRODUCTS = "its products alone"
alike = [
    tf.assign(variable, first)
    for name in SAME_WEIGHTS[1:]
    for variable, first in zip(ways[name].weights, ways[SAME_WEIGHTS[0]].weights, strict=True)
]
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(alike)
    feed = {x: pictures, y: digits}
    computed = sess.run({name: (ways[name].output, ways[name].gradient) for name in SAME_WEIGHTS}, feed)
    operations = {name: way.train for name, way in ways.items()} | {PRODUCTS: products}
    calls = {name: sess.make_callable(operation, [x, y]) for name, operation in operations.items()}
    times = {name: [] for name in calls}
    for call in calls.values():
        call(pictures, digits)  # the first call is not measured: it makes the plan
    for _ in ex.progress(range(ex.repeats)):
        for name, call in calls.items():
            started = time.perf_counter()
            for _ in range(ex.steps):
                call(pictures, digits)
            times[name].append(1000 * (time.perf_counter() - started) / ex.steps)

reference = computed[SAME_WEIGHTS[0]]
apart = {name: [largest(*pair) for pair in zip(computed[name], reference, strict=True)] for name in SAME_WEIGHTS}
best = {name: min(values) for name, values in times.items()}
median = {name: float(np.median(values)) for name, values in times.items()}
print(f"\nLSTM({ex.n_hidden}), {ex.rows} rows, batch {ex.batch_size}: milliseconds a training step")
print("  (forward, backward, Adam), the time to build the graph, and the differences from dynamic_rnn")
print(f"  {'':24} median    best   build s   outputs  kernel's gradient")
for name, way in ways.items():
    differences = "{:.0e}   {:.0e}".format(*apart[name]) if name in apart else "its own weights"
    print(f"  {name:24} {median[name]:6.2f}  {best[name]:6.2f}  {way.build_seconds:8.2f}   {differences}")
print(f"  {PRODUCTS:24} {median[PRODUCTS]:6.2f}  {best[PRODUCTS]:6.2f}   what no way of writing it can save")

figure, axis = plt.subplots(figsize=(6.8, 3.6))
places = np.arange(len(times))
axis.barh(places - 0.2, list(median.values()), 0.4, label="median")
axis.barh(places + 0.2, list(best.values()), 0.4, label="best")
axis.set(xlabel="milliseconds a training step", title=f"LSTM({ex.n_hidden}), {ex.rows} rows, batch {ex.batch_size}")
axis.set_yticks(places, list(times))
axis.invert_yaxis()
axis.legend()
figure.tight_layout()
ex.figure(figure, "time_of_a_step")

# %% Results
ex.report("static_rnn against dynamic_rnn", largest(np.stack(static, 1), dynamic))
ex.report("time_major against batch first", largest(time_major.swapaxes(0, 1), dynamic))
ex.report("4 steps of a graph of open length", largest(shorter, dynamic[:, :4]))
ex.report("static against dynamic bidirectional", joined_apart)
ex.report("backward half against the reversed sequence", backward_apart)
ex.report("static against dynamic stack of two", stack_apart)
ex.report("shape of the stack's outputs", stack_dynamic.shape)
ex.report("largest output behind the end", float(max(np.abs(result[1, 1:]).max(), np.abs(gru_result[1, 1:]).max())))
ex.report("LSTM: h against the last valid output", largest(state[1], last_valid))
ex.report("LSTM state: members", len(state), book=2)
ex.report("GRU: state against the last valid output", largest(gru_state[1], gru_result[1, 0]))
ex.report("GRU state: rows", len(gru_state), book=2)
for builder, sizes in growth.items():
    ex.report(f"operations for 7, 14, 28 steps, {builder}", [count for count, _ in sizes])
for name, (output, gradient) in apart.items():
    ex.report(f"{name}: output against dynamic_rnn", output)
    ex.report(f"{name}: kernel's gradient against dynamic_rnn", gradient)
for name in times:
    ex.report(f"ms a step, {name}, median", median[name])
    ex.report(f"ms a step, {name}, best", best[name])
ex.finish()
