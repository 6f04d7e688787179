"""Section 9.4.15 · RNN dropout and layer normalisation (优化 RNN)

Book:      intro 9.4.15
Data:      random sequences [4, 20, 8]
Model:     DropoutWrapper round BasicLSTMCell(16, forget_bias 0), one cell and a stack of two; an LSTM cell with layer
           normalisation of our own
Shows:     which numbers DropoutWrapper sets to 0 and by what it multiplies the others; that the state handed on is
           left alone; keep_prob as a placeholder, 1 in evaluation; variational dropout; layer normalisation against
           its formula, also inside a cell, and why batch normalisation does not fit a sequence
Departs:   the book says that TensorFlow has no cell with layer normalisation; TF 1 had LayerNormBasicLSTMCell in
           tf.contrib, which is gone, and the cell here computes what it did
Time:      9 s on 2 CPU cores
"""

import _layer_norm as by_hand
import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, output_keep_prob=0.5, input_keep_prob=0.8, size=16)
batch_size, time_steps, n_input = 4, 20, 8
rnn_cell = tf.nn.rnn_cell

random = np.random.RandomState(ex.seed)
sequence = random.randn(batch_size, time_steps, n_input).astype(np.float32)
x = tf.constant(sequence)


class PassOn(rnn_cell.RNNCell):
    """A cell that gives out its input and counts the steps: it lets us see what reaches a cell."""

    state_size = output_size = n_input

    def call(self, inputs, state):
        return inputs, state + 1.0


# %% DropoutWrapper: on the outputs, on the inputs
# keep_prob is a placeholder: the same graph trains with 0.5 and is evaluated with 1.
keep_in, keep_out = tf.placeholder_with_default(1.0, []), tf.placeholder_with_default(1.0, [])
lstm_cell = rnn_cell.BasicLSTMCell(ex.size, forget_bias=0.0)
plain_outputs, plain_state = tf.nn.dynamic_rnn(lstm_cell, x, dtype=tf.float32)
dropped_cell = rnn_cell.DropoutWrapper(lstm_cell, output_keep_prob=keep_out)
# One step after the other: steps that run side by side take their random numbers in any order, whatever the seed.
in_order = {"dtype": tf.float32, "parallel_iterations": 1}
dropped_outputs, dropped_state = tf.nn.dynamic_rnn(dropped_cell, x, **in_order)

pass_on = rnn_cell.DropoutWrapper(PassOn(), input_keep_prob=keep_in)
inputs_seen, _ = tf.nn.dynamic_rnn(pass_on, x, scope="pass_on", **in_order)

# Variational dropout draws one mask for the whole sequence; the book's draws a new one at every step.
variational = rnn_cell.DropoutWrapper(
    lstm_cell, output_keep_prob=keep_out, variational_recurrent=True, dtype=tf.float32, input_size=n_input
)
variational_outputs, _ = tf.nn.dynamic_rnn(variational, x, **in_order)

# state_keep_prob is what DropoutWrapper does not do unless asked: it drops parts of h, never of an LSTM's c.
state_cell = rnn_cell.DropoutWrapper(lstm_cell, state_keep_prob=keep_out)
_, (state_c, state_h) = state_cell(x[:, 0], lstm_cell.zero_state(batch_size, tf.float32))
_, (plain_c, plain_h) = lstm_cell(x[:, 0], lstm_cell.zero_state(batch_size, tf.float32))

# In a stack every layer has a wrapper of its own: dropout acts from layer to layer, at one time step.
layers = [rnn_cell.BasicLSTMCell(ex.size, forget_bias=0.0) for _ in range(2)]
wrapped = rnn_cell.MultiRNNCell([rnn_cell.DropoutWrapper(layer, output_keep_prob=keep_out) for layer in layers])
stack_outputs, stack_state = tf.nn.dynamic_rnn(wrapped, x, scope="stack", **in_order)

# %% Run
training = {keep_in: ex.input_keep_prob, keep_out: ex.output_keep_prob}
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    fetches = {
        "plain": plain_outputs,
        "plain state": plain_state,
        "output": dropped_outputs,
        "state": dropped_state,
        "input": inputs_seen,
        "variational": variational_outputs,
        "c and h": (state_c, state_h, plain_c, plain_h),
        "stack": stack_outputs,
        "stack state": stack_state,
    }
    run, again, evaluation = sess.run(fetches, training), sess.run(fetches, training), sess.run(fetches)
    many = np.stack([sess.run(dropped_outputs, training) for _ in range(200)])


def masks(outputs, undropped):
    """Return by what each number was multiplied; `undropped` is nowhere 0."""
    return outputs / undropped


def factors(mask):
    return sorted({abs(round(float(value), 3)) for value in mask.ravel()})  # abs: −0.0 is 0.0


def largest(one, other):
    return float(np.max(np.abs(np.asarray(one) - np.asarray(other))))


out_mask = masks(run["output"], run["plain"])
in_mask = masks(run["input"], sequence)
one_mask = masks(run["variational"], run["plain"])
print(f"output_keep_prob {ex.output_keep_prob}: factors {factors(out_mask)}, {np.mean(out_mask == 0):.3f} are dropped")
print(f"input_keep_prob {ex.input_keep_prob}: factors {factors(in_mask)}, {np.mean(in_mask == 0):.3f} are dropped")
mean_ratio = float(np.sum(many.mean(axis=0) * run["plain"]) / np.sum(run["plain"] ** 2))
print(
    f"over 200 runs the dropped outputs average {mean_ratio:.4f} of the plain ones: the factor 1/keep_prob sees to it"
)
print(f"the final state with and without output dropout: {largest(run['state'], run['plain state']):g} apart")
dropped_c, dropped_h, whole_c, whole_h = run["c and h"]
print(f"state_keep_prob: c {largest(dropped_c, whole_c):g} apart, h multiplied by {factors(masks(dropped_h, whole_h))}")
same_mask = bool((one_mask == one_mask[:, :1]).all())
print(
    "variational: one mask for all 20 steps", same_mask, "· the usual one:", bool((out_mask == out_mask[:, :1]).all())
)
# In the stack the first layer's own state is untouched; the second layer's is not, for its inputs were dropped.
first_layer = largest(run["stack state"][0], evaluation["stack state"][0])
second_layer = largest(run["stack state"][1], evaluation["stack state"][1])
print(f"stack: the state of layer 1 differs from evaluation by {first_layer:g}, that of layer 2 by {second_layer:.3f}")
print(
    f"two runs differ by {largest(run['output'], again['output']):.3f} in training,",
    f"by {largest(evaluation['output'], run['plain']):g} from the plain cell with keep_prob 1",
)

figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.4))
pictures = {
    f"input_keep_prob {ex.input_keep_prob}": in_mask[0],
    f"output_keep_prob {ex.output_keep_prob}": out_mask[0],
    "variational_recurrent": one_mask[0],
}
top = max(mask.max() for mask in pictures.values())
for axis, (name, mask) in zip(axes, pictures.items(), strict=True):
    drawn = axis.imshow(mask.T, aspect="auto", cmap="Greys", vmin=0, vmax=top)
    axis.set(title=name, xlabel="time step", ylabel="unit")
figure.tight_layout()
figure.colorbar(drawn, ax=axes, label="factor (0: dropped)")
ex.figure(figure, "masks")


# %% Layer normalisation: over the units of one sample, not over the samples of a batch
def layer_norm(inputs, scope, epsilon=1e-5):
    """Return (inputs − mean) / √(variance + ε) · scale + shift; mean and variance of each row of [batch, units]."""
    with tf.variable_scope(scope):
        units = inputs.shape[-1]
        scale = tf.get_variable("scale", [units], initializer=tf.ones_initializer())
        shift = tf.get_variable("shift", [units], initializer=tf.zeros_initializer())
    mean, variance = tf.nn.moments(inputs, axes=[1], keepdims=True)
    return tf.nn.batch_normalization(inputs, mean, variance, shift, scale, epsilon)


class LayerNormLSTMCell(rnn_cell.RNNCell):
    """BasicLSTMCell whose four gates and new c are normalised; no bias, since the shifts do its work."""

    def __init__(self, units, forget_bias=1.0):
        super().__init__()
        self.units, self.forget_bias = units, forget_bias

    @property
    def state_size(self):
        return rnn_cell.LSTMStateTuple(self.units, self.units)

    @property
    def output_size(self):
        return self.units

    def call(self, inputs, state):
        c, h = state
        joined = tf.concat([inputs, h], axis=1)
        kernel = tf.get_variable("kernel", [joined.shape[1], 4 * self.units])
        gates = tf.split(tf.matmul(joined, kernel), 4, axis=1)
        i, j, f, o = (layer_norm(gate, name) for gate, name in zip(gates, ("i", "j", "f", "o"), strict=True))
        c = layer_norm(c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * tf.tanh(j), "c")
        h = tf.tanh(c) * tf.sigmoid(o)
        return h, rnn_cell.LSTMStateTuple(c, h)


def lstm_in_numpy(inputs, kernel, norms, forget_bias=1.0):
    """Return the outputs [batch, time, units] of a LayerNormLSTMCell; `norms`: name → (scale, shift)."""
    c = h = np.zeros([len(inputs), kernel.shape[1] // 4])
    outputs = []
    for step in inputs.astype(np.float64).swapaxes(0, 1):
        gates = np.split(np.concatenate([step, h], axis=1) @ kernel, 4, axis=1)
        i, j, f, o = (by_hand.ln(gate, *norms[name]) for gate, name in zip(gates, "ijfo", strict=True))
        c = by_hand.ln(c * by_hand.sigmoid(f + forget_bias) + by_hand.sigmoid(i) * np.tanh(j), *norms["c"])
        h = np.tanh(c) * by_hand.sigmoid(o)
        outputs.append(h)
    return np.stack(outputs, axis=1)


# %% One layer by the formula, and by the library; and what a sample's neighbours do to it
rows = tf.placeholder(tf.float32, [None, 6])
normalised = layer_norm(rows, "rows")
by_library = tf.keras.layers.LayerNormalization(epsilon=1e-5)(rows)
row_mean, row_variance = tf.nn.moments(rows, axes=[1], keepdims=True)
with tf.variable_scope("rows", reuse=True):  # the formula as the book writes it in 9.4.16, term for term
    written_out = (rows - row_mean) / tf.sqrt(row_variance + 1e-5) * tf.get_variable("scale") + tf.get_variable("shift")
mean, variance = tf.nn.moments(rows, axes=[0])
batch_normalised = tf.nn.batch_normalization(rows, mean, variance, None, None, 1e-5)
ln_outputs, _ = tf.nn.dynamic_rnn(LayerNormLSTMCell(ex.size), x, dtype=tf.float32, scope="ln")
ln_variables = {variable.op.name: variable for variable in tf.trainable_variables("ln/")}
shake = [variable.assign(tf.random_uniform(variable.shape, 0.5, 1.5)) for variable in ln_variables.values()]
shaken = [name for name in ln_variables if "kernel" not in name]

numbers = 0.5 + 0.3 * random.randn(4, 6).astype(np.float32)
other_company = numbers.copy()
other_company[1:] = 10 * random.randn(3, 6)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    ln, library, bn = sess.run([normalised, by_library, batch_normalised], {rows: numbers})
    ln_other, bn_other = sess.run([normalised, batch_normalised], {rows: other_company})
    term_for_term = sess.run(written_out, {rows: numbers})
    # scales and shifts other than 1 and 0, lest an error in them go unseen
    sess.run([assign for assign, name in zip(shake, ln_variables, strict=True) if name in shaken])
    values, cell_outputs = sess.run([ln_variables, ln_outputs])

by_formula = (numbers - numbers.mean(1, keepdims=True)) / np.sqrt(numbers.var(1, keepdims=True) + 1e-5)
centred = numbers - numbers.mean(1, keepdims=True)
used_epsilon = float(np.mean((centred**2).sum(1) / (term_for_term**2).sum(1) - numbers.var(1)))
found = {name.removeprefix("ln/layer_norm_lstm_cell/"): value for name, value in values.items()}
norms = {name: (found[f"{name}/scale"], found[f"{name}/shift"]) for name in "ijfoc"}
cell_by_formula = lstm_in_numpy(sequence, found["kernel"], norms)
print(
    f"\nlayer norm against the formula: {largest(ln, by_formula):g} apart, the library's layer {largest(ln, library):g}"
)
# With oneDNN, TensorFlow finds the written-out formula in a graph without gradients, puts one op of its own for it,
# and that op has an ε of its own. tf.nn.batch_normalization is left as it is.
print(
    f"the formula term for term: {largest(term_for_term, by_formula):g} apart; its ε is {used_epsilon:.2g}, not 1e-05"
)
print("each row's mean", ln.mean(1).round(6), "and standard deviation", ln.std(1).round(6))
print(f"the LSTM cell with it, 20 steps, against NumPy: {largest(cell_outputs, cell_by_formula):g} apart")
ln_moved, bn_moved = largest(ln[0], ln_other[0]), largest(bn[0], bn_other[0])
print(f"row 0 in other company: layer norm changes it by {ln_moved:g}, batch norm by {bn_moved:.3f}")

# %% Results
ex.report("output dropout: factors", factors(out_mask))
ex.report("output dropout: share dropped", np.mean(out_mask == 0))
ex.report("input dropout: factors", factors(in_mask))
ex.report("input dropout: share dropped", np.mean(in_mask == 0))
ex.report("mean of 200 dropped outputs against the plain ones", mean_ratio)
ex.report("final state, output dropout against none", largest(run["state"], run["plain state"]))
ex.report("state_keep_prob: difference of c", largest(dropped_c, whole_c))
ex.report("state_keep_prob: factors of h", factors(masks(dropped_h, whole_h)))
ex.report("variational: one mask for all steps", same_mask)
ex.report("stack: state of layer 1 moved by", first_layer)
ex.report("stack: state of layer 2 moved by", second_layer)
ex.report("training: two runs differ by", largest(run["output"], again["output"]))
ex.report("keep_prob 1: difference from the plain cell", largest(evaluation["output"], run["plain"]))
ex.report("layer norm against its formula", largest(ln, by_formula))
ex.report("layer norm written out: the ε in its result", used_epsilon)
ex.report("layer norm against the library", largest(ln, library))
ex.report("LSTM cell with layer norm against NumPy", largest(cell_outputs, cell_by_formula))
ex.report("other company: layer norm moves a row by", ln_moved)
ex.report("other company: batch norm moves a row by", bn_moved)
ex.finish()
