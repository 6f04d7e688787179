"""Section 9.4.14 · Initial states (初始化 RNN)

Book:      intro 9.4.14
Data:      random sequences [2, 6, 4]
Model:     BasicLSTMCell 3, GRUCell 3, and a stack of both
Shows:     cell.zero_state is what a builder takes by default; an LSTMStateTuple(c, h) of one's own, and the first step
           after it worked out in NumPy; what the states of a GRU and of a stack look like; a sequence cut in two with
           the state handed over gives what the whole sequence gives, and without it does not
Departs:   LSTMStateTuple comes from tf.nn.rnn_cell; the book's import path is gone
Time:      8 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)
batch_size, time_steps, n_input, n_hidden = 2, 6, 4, 3
LSTMStateTuple = tf.nn.rnn_cell.LSTMStateTuple

random = np.random.RandomState(ex.seed)
sequence = random.randn(batch_size, time_steps, n_input).astype(np.float32)
chosen_c = random.randn(batch_size, n_hidden).astype(np.float32)
chosen_h = np.tanh(random.randn(batch_size, n_hidden)).astype(np.float32)

# %% One cell, built once and used by every builder below: they share its weights
x = tf.constant(sequence)
lstm = tf.nn.rnn_cell.BasicLSTMCell(n_hidden)
default_outputs, default_state = tf.nn.dynamic_rnn(lstm, x, dtype=tf.float32)

# The state goes to the builder, not to the cell's constructor. With it the builder needs no dtype.
zero = lstm.zero_state(batch_size, tf.float32)
zero_outputs, _ = tf.nn.dynamic_rnn(lstm, x, initial_state=zero)
static_outputs, _ = tf.nn.static_rnn(lstm, tf.unstack(x, axis=1), initial_state=zero)

chosen = LSTMStateTuple(c=tf.constant(chosen_c), h=tf.constant(chosen_h))
chosen_outputs, _ = tf.nn.dynamic_rnn(lstm, x, initial_state=chosen)
kernel, bias = lstm.trainable_variables

# %% Cut in two
half = time_steps // 2
first_outputs, first_state = tf.nn.dynamic_rnn(lstm, x[:, :half], dtype=tf.float32)
second_outputs, second_state = tf.nn.dynamic_rnn(lstm, x[:, half:], initial_state=first_state)
forgetful_outputs, _ = tf.nn.dynamic_rnn(lstm, x[:, half:], dtype=tf.float32)
in_two = tf.concat([first_outputs, second_outputs], axis=1)

# %% Other cells: a GRU's state is one tensor, a stack's is a tuple with the state of each layer
gru = tf.nn.rnn_cell.GRUCell(n_hidden)
stack = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(n_hidden), tf.nn.rnn_cell.GRUCell(n_hidden)])
gru_outputs, gru_state = tf.nn.dynamic_rnn(gru, x, initial_state=tf.constant(chosen_h), scope="gru")
stack_start = (LSTMStateTuple(tf.constant(chosen_c), tf.constant(chosen_h)), tf.constant(chosen_h))
stack_outputs, stack_state = tf.nn.dynamic_rnn(stack, x, initial_state=stack_start, scope="stack")


# %% The first step in NumPy: BasicLSTMCell's gates stand in the order i, j, f, o
def lstm_step(inputs, c, h, kernel, bias, forget_bias=1.0):
    """Return the new (c, h) of a BasicLSTMCell."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    i, j, f, o = np.split(np.concatenate([inputs, h], axis=1) @ kernel + bias, 4, axis=1)
    c = c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(j)
    return c, np.tanh(c) * sigmoid(o)


# %% Run
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    run = sess.run(
        {
            "zero": zero,
            "default": default_outputs,
            "zero outputs": zero_outputs,
            "static": static_outputs,
            "chosen": chosen_outputs,
            "in two": in_two,
            "forgetful": forgetful_outputs,
            "state": default_state,
            "second state": second_state,
            "kernel": kernel,
            "bias": bias,
        }
    )


def largest(one, other):
    """Return the largest difference of two arrays, or of all arrays of two tuples."""
    return float(np.max(np.abs(np.asarray(one) - np.asarray(other))))


print("zero_state(2, tf.float32):", run["zero"])
print("states: LSTM", lstm.state_size, "· GRU", gru.state_size, "· stack", stack.state_size)
print("final state of the stack:", stack_state)
same = largest(run["zero outputs"], run["default"])
static_same = largest(np.stack(run["static"], axis=1), run["default"])
print(f"\nexplicit zeros against the default: at most {same:g} apart, static_rnn {static_same:g}")

_, h_after = lstm_step(sequence[:, 0], chosen_c, chosen_h, run["kernel"], run["bias"])
changed = np.abs(run["chosen"] - run["default"]).max(axis=(0, 2))
print("\na chosen state (c, h): step 1 gives", run["chosen"][0, 0], "in NumPy", h_after[0])
print("how far it moves the outputs from those after zeros, step by step:", changed.round(4))

two = largest(run["in two"], run["default"])
two_state = largest(run["second state"], run["state"])
lost = np.abs(run["forgetful"] - run["default"][:, half:]).max(axis=(0, 2))
print(f"\ncut in two, the state handed over: outputs {two:g} apart from one pass, final states {two_state:g}")
print("cut in two, the second half from zeros: outputs apart by", lost.round(4))

# %% Results
ex.report("zero_state: every element", [float(np.abs(part).max()) for part in run["zero"]])
ex.report("explicit zeros against the default", same)
ex.report("static_rnn with zero_state against dynamic_rnn", static_same)
ex.report("a chosen state: step 1 against NumPy", largest(run["chosen"][:, 0], h_after))
ex.report("a chosen state: step 1 against that after zeros", changed[0])
ex.report("cut in two: outputs against one pass", two)
ex.report("cut in two: final state against one pass", two_state)
ex.report("second half from zeros: first output against one pass", lost[0])
ex.finish()
