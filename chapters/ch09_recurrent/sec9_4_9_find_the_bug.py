"""Section 9.4.9 · Find-the-bug exercises (练习题)

Book:      intro 9.4.9; its four files (9-10 to 9-13) are not printed, these scripts are our own
Data:      MNIST, 55,000 training / 10,000 test pictures, each a sequence of 28 rows of 28 pixels
Model:     an LSTM, a GRU, a stack of LSTMs and a bidirectional LSTM of 64
Shows:     eight mistakes that one makes with recurrent networks, in four exercises. Each broken line is run, and what
           TensorFlow says is printed; where it says nothing, the wrong shape or result tells. Then the cure, which
           learns
Departs:   --quick reads four rows a step
Time:      56 s on 2 CPU cores (beside other work)
"""

import models
import numpy as np

from utils import figures
from utils.data import mnist
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    learning_rate=0.001,
    training_iters=25_600,  # pictures, for each of the four cures
    batch_size=128,
    n_steps=28,
    n_hidden=64,
    quick={"training_iters": 5_120, "n_steps": 7},
)
n_input, n_classes = models.pixels_a_step(ex.n_steps), 10
LSTMCell, GRUCell, MultiRNNCell = tf.nn.rnn_cell.LSTMCell, tf.nn.rnn_cell.GRUCell, tf.nn.rnn_cell.MultiRNNCell
EXPECTED = f"(?, {ex.n_hidden})"  # what the classifier must be given: a row for each picture
found, learned = {}, {}

# %% The data
digits = mnist.load(ex.data, one_hot=True)
pictures, labels = digits.train.images[:100], digits.train.labels[:100]


def placeholders():
    """Begin a new graph and return x [batch, step, pixel] and y [batch, 10]."""
    tf.reset_default_graph()
    ex.seed_everything()
    x = tf.placeholder(tf.float32, [None, ex.n_steps, n_input], name="x")
    return x, tf.placeholder(tf.float32, [None, n_classes], name="y")


def one_line(error):
    """Return an error as its kind and the sentence that says what is wrong."""
    # An error of a running graph tells first where its operation was made; what went wrong stands behind that.
    text = (
        error.message.split("\n\t [[")[0].strip().split("\n")[-1]
        if isinstance(error, tf.errors.OpError)
        else str(error)
    )
    text = " ".join(text.split()).split(". ")[0].split(" for '{{")[0]
    return f"{type(error).__name__}: {text}"


def broken(mistake, build):
    """Run a broken construct; print the error that it raises, or what it says of itself where it raises none."""
    x, y = placeholders()
    try:
        said = build(x, y)
    except (TypeError, ValueError, tf.errors.OpError) as error:
        said = one_line(error)
    found[mistake] = said
    print(f"  broken: {mistake}\n          {said}")


def cured(exercise, build):
    """Train what `build` makes of x, the [batch, units] for the classifier, and print that it learns."""
    x, y = placeholders()
    with tf.device(ex.device):
        last = build(x)
        model = models.RowClassifier(x, y, tf.layers.dense(last, n_classes), ex.learning_rate)
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in ex.progress(range(ex.training_iters // ex.batch_size), unit="step"):
            loss, _ = sess.run([model.cost, model.optimizer], model.feed(*digits.train.next_batch(ex.batch_size)))
            if step % 10 == 9:
                ex.record(step + 1, **{f"exercise_{exercise}/loss": loss})
        accuracy, cost = sess.run([model.accuracy, model.cost], model.feed(digits.test.images, digits.test.labels))
    learned[exercise] = (float(accuracy), float(cost))
    print(f"  cured:  {last.shape} to the classifier; accuracy {accuracy:.4f} on the test pictures")


# %% Exercise 1 (as file 9-10): an LSTM in static_rnn
print("Exercise 1: outputs, _ = tf.nn.static_rnn(LSTMCell(n), x); the pictures come from next_batch")


def tensor_for_a_list(x, y):
    return tf.nn.static_rnn(LSTMCell(ex.n_hidden), x, dtype=tf.float32)


def pictures_as_vectors(x, y):
    with ex.session() as sess:
        return sess.run(tf.shape(x), {x: pictures})


def static_lstm(x):
    outputs, _ = tf.nn.static_rnn(LSTMCell(ex.n_hidden), tf.unstack(x, ex.n_steps, 1), dtype=tf.float32)
    return outputs[-1]


broken("static_rnn is given the 3-D tensor, not a list", tensor_for_a_list)
broken("the batch [100, 784] is fed without a reshape", pictures_as_vectors)
cured(1, static_lstm)

# %% Exercise 2 (as file 9-11): the list for static_rnn, and a second network in the same graph
print("Exercise 2: x1 = tf.unstack(x, n_steps, 0); then the network once more, for a second batch")


def unstacked_along_the_batch(x, y):
    x1 = tf.unstack(x, ex.n_steps, 0)
    outputs, _ = tf.nn.static_rnn(LSTMCell(ex.n_hidden), x1, dtype=tf.float32)
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(outputs[-1], {x: pictures.reshape(-1, ex.n_steps, n_input)})


def built_twice(x, y):
    static_lstm(x)
    return static_lstm(x)


def built_twice_with_reuse(x):
    with tf.variable_scope("network") as scope:
        static_lstm(x)
        scope.reuse_variables()  # or tf.reset_default_graph() before a network of its own
        again = static_lstm(x)
    assert len(tf.trainable_variables()) == 2  # one kernel and one bias: the second network has the first one's
    return again


broken("unstack along axis 0, the pictures of the batch, not axis 1, the steps", unstacked_along_the_batch)
broken("the network is built a second time, without scope or reset", built_twice)
cured(2, built_twice_with_reuse)

# %% Exercise 3 (as file 9-12): a GRU in dynamic_rnn
print("Exercise 3: outputs = tf.nn.dynamic_rnn(GRUCell(n), x); pred = dense(outputs[-1], 10)")


def what_is_last(cell, x):
    outputs = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    return outputs[-1]


def not_unpacked(x, y):
    state = what_is_last(GRUCell(ex.n_hidden), x)
    with tf.variable_scope("lstm"):
        pair = what_is_last(LSTMCell(ex.n_hidden), x)
    return (
        f"no error: outputs[-1] is the state, {state.shape}, right for a GRU by luck; with an LSTM it is the "
        f"{type(pair).__name__}, and the classifier's input {tf.convert_to_tensor(pair).shape} instead of {EXPECTED}"
    )


def not_transposed(x, y):
    outputs, _ = tf.nn.dynamic_rnn(GRUCell(ex.n_hidden), x, dtype=tf.float32)
    pred = tf.layers.dense(outputs[-1], n_classes)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=pred)
    shape = f"outputs[-1] is {outputs[-1].shape}, the steps of the last picture, instead of {EXPECTED}"
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        try:
            sess.run(loss, {x: pictures.reshape(-1, ex.n_steps, n_input), y: labels})
        except tf.errors.OpError as error:
            return f"{shape}; in the loss {one_line(error)}"
    return shape


def dynamic_gru(x):
    outputs, _ = tf.nn.dynamic_rnn(GRUCell(ex.n_hidden), x, dtype=tf.float32)
    return tf.transpose(outputs, [1, 0, 2])[-1]


broken("outputs and state are not unpacked", not_unpacked)
broken("no transpose before outputs[-1]", not_transposed)
cured(3, dynamic_gru)

# %% Exercise 4 (as file 9-13): several layers, two directions
print("Exercise 4: MultiRNNCell([cell] * 3); outputs, _ = tf.nn.bidirectional_dynamic_rnn(fw, bw, x), outputs[-1]")


def one_cell_three_times(x, y):
    return tf.nn.static_rnn(MultiRNNCell([LSTMCell(ex.n_hidden)] * 3), tf.unstack(x, axis=1), dtype=tf.float32)


def pair_not_concatenated(x, y):
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(LSTMCell(ex.n_hidden), LSTMCell(ex.n_hidden), x, dtype=tf.float32)
    last = tf.transpose(outputs[-1], [1, 0, 2])[-1]
    ours = f"(?, {2 * ex.n_hidden})"
    return f"no error: outputs[-1] is the backward output, {outputs[-1].shape}; its last step {last.shape}, not {ours}"


def two_layers_two_directions(x):
    stacks = [MultiRNNCell([LSTMCell(ex.n_hidden) for _ in range(2)]) for _ in range(2)]
    (output_fw, output_bw), _ = tf.nn.bidirectional_dynamic_rnn(*stacks, x, dtype=tf.float32)
    return tf.concat([output_fw[:, -1], output_bw[:, 0]], 1)  # each direction where it has read all rows


broken("[cell] * 3 is one cell for three layers", one_cell_three_times)
broken("the outputs of the two directions are not concatenated", pair_not_concatenated)
cured(4, two_layers_two_directions)

curves = {f"exercise {exercise}": ex.history[f"exercise_{exercise}/loss"] for exercise in learned}
ex.figure(figures.curves(curves, xlabel="step", ylabel="loss of the batch", title="The four cures learn"), "loss")

# %% Results
for mistake, said in found.items():
    ex.report(f"broken: {mistake}", said)
for exercise, (accuracy, cost) in learned.items():
    ex.report(f"cured: test accuracy, exercise {exercise}", accuracy)
    ex.report(f"cured: test cross-entropy, exercise {exercise}", cost)
ex.report("cross-entropy of knowing nothing", float(np.log(n_classes)))
ex.finish()
