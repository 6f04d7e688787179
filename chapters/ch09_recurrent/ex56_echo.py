"""Example 56 · RNN fits an echo of a random bit stream (使用 RNN 网络拟合回声信号序列)

Book:      intro 9.2.2, listing 9-2
Data:      50,000 new random bits each epoch, in 5 rows; the target is the bit of 3 steps before
Model:     a tanh layer of 4 that gets the bit and its own last output, then softmax over 2; windows of 15 steps.
           34 weights shared by all steps, beside the printed listing's 510: each step with weights of its own
Shows:     an RNN unrolled by hand, truncated back-propagation with the state carried from window to window; that
           sharing the weights over the steps makes it an RNN: it learns the echo, and the listing cannot learn all
Departs:   the book prints the listing without sharing; both are trained here on the same bits. In rows 2 to 5 the
           first three targets are the end of the row before, which nobody can know: the first window shows it. The
           first weights are --weight-seed's, a start from which the listing comes down to its floor; of 14 starts it
           ended between 0.095 and 0.151
Time:      20 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    num_epochs=5,
    total_series_length=50_000,
    truncated_backprop_length=15,
    state_size=4,
    num_classes=2,
    echo_step=3,  # try 5 and more: four numbers must then hold five bits
    batch_size=5,
    learning_rate=0.3,
    weight_seed=100,  # of the first weights
    quick={"num_epochs": 2},
)
num_batches = ex.total_series_length // ex.batch_size // ex.truncated_backprop_length
window = ex.truncated_backprop_length

# What the book prints: (epoch, step) → loss.
BOOK = {(0, 0): 0.760327, (0, 100): 0.462219, (0, 200): 0.364076, (4, 0): 0.324354, (4, 100): 0.103451}
BOOK |= {(4, 200): 0.0894693, (4, 300): 0.0940791, (4, 400): 0.09462, (4, 500): 0.10184, (4, 600): 0.0910746}


# %% The data: a stream of bits, and its echo
def generate_data(epoch):
    """Return x and y, [batch_size, length]: bits, and the same bits echo_step later."""
    random = np.random.RandomState([ex.seed, epoch])  # of the epoch's own, so that a resumed run goes on alike
    x = random.choice(2, ex.total_series_length, p=[0.5, 0.5])
    y = np.roll(x, ex.echo_step)
    y[: ex.echo_step] = 0
    return x.reshape(ex.batch_size, -1), y.reshape(ex.batch_size, -1)


# %% The graph
batch_x = tf.placeholder(tf.float32, [ex.batch_size, window], name="batchX")
batch_y = tf.placeholder(tf.int32, [ex.batch_size, window], name="batchY")


class Network:
    """The layer unrolled over the window, with the same weights at every step or with those of the step alone."""

    def __init__(self, name, shared):
        self.init_state = tf.placeholder(tf.float32, [ex.batch_size, ex.state_size], name=f"{name}_init_state")
        state, logits_series = self.init_state, []
        with tf.variable_scope(name):
            for step, current_input in enumerate(tf.unstack(batch_x, axis=1)):
                # The listing calls fully_connected 15 times without a name: each call makes new weights. With a
                # name, and reuse from the second step on, it is one layer and a recurrent network.
                start = tf.glorot_uniform_initializer(seed=ex.weight_seed + step)
                with tf.variable_scope("step" if shared else f"step_{step}", reuse=shared and step > 0):
                    joined = tf.concat([tf.reshape(current_input, [ex.batch_size, 1]), state], 1)
                    state = tf.layers.dense(joined, ex.state_size, tf.tanh, name="state", kernel_initializer=start)
                    logits = tf.layers.dense(state, ex.num_classes, name="logits", kernel_initializer=start)
                    logits_series.append(logits)
        self.final_state = state
        logits = tf.stack(logits_series, axis=1)  # [batch, steps, classes]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=batch_y, logits=logits)
        self.total_loss = tf.reduce_mean(losses)
        self.step_losses = tf.reduce_mean(losses, axis=0)  # one for each position in the window
        self.predictions = tf.nn.softmax(logits)
        self.train_step = tf.train.AdagradOptimizer(ex.learning_rate).minimize(self.total_loss)
        self.weights = sum(int(np.prod(variable.shape)) for variable in tf.trainable_variables(f"{name}/"))


with tf.device(ex.device):
    networks = {"shared": Network("shared", shared=True), "listing": Network("listing", shared=False)}
print(" · ".join(f"{name}: {network.weights} weights" for name, network in networks.items()))
chance = np.log(2) / window  # what one position of the window costs that is guessed


# %% Figure 9-9: the losses, and the last window row by row
def plot(name, losses, x, predictions, y):
    """Draw what the book redraws every 100 steps; class 1 is predicted where the probability of 0 is below 0.5."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6))
    axes[0, 0].plot(*np.transpose(losses))
    axes[0, 0].set(title=f"loss, {name}", xlabel="step", ylabel="loss")
    for row, axis in enumerate(axes.flat[1 : 1 + ex.batch_size]):
        output = (predictions[row, :, 0] < 0.5).astype(int)
        past = np.arange(window) + ex.echo_step
        axis.plot(past, x[row] * 0.2 + 1.5, "o--b", label="past values")
        axis.plot(y[row] * 0.2 + 0.8, "x--b", label="True echo values")
        axis.plot(output * 0.2 + 0.1, "o--y", label="Predictions")
        axis.set(title=f"row {row + 1}", xlabel="step in the window", xlim=(0, window), ylim=(0, 2), yticks=[])
        axis.legend(loc="upper center", fontsize=6, ncols=3, columnspacing=1)
    figure.tight_layout()
    ex.figure(figure, f"echo_{name}")


# %% Training: both networks on the same bits
def feed_of(x, y, step, states):
    """Return the feed for window `step` of the rows `x` and `y`, and `states`: name → [batch, state_size]."""
    now = slice(step * window, (step + 1) * window)
    states_fed = {network.init_state: states[name] for name, network in networks.items()}
    return {batch_x: x[:, now], batch_y: y[:, now]} | states_fed


zero_states = {name: np.zeros([ex.batch_size, ex.state_size]) for name in networks}
training = {name: (network.total_loss, network.final_state) for name, network in networks.items()}
train_steps = [network.train_step for network in networks.values()]
saver = tf.train.Saver(save_relative_paths=True)
with ex.session(threads=1) as sess:  # five rows and four units: a second thread only costs time
    sess.run(tf.global_variables_initializer())
    for epoch in ex.resumable(range(ex.num_epochs), sess, saver):
        x, y = generate_data(epoch)
        states = zero_states
        ex.log(f"New data, epoch {epoch}")
        for step in range(num_batches):
            results, _ = sess.run([training, train_steps], feed_of(x, y, step, states))
            # The state is carried on, but no gradient goes back over the window's edge: truncated back-propagation.
            states = {name: state for name, (_, state) in results.items()}
            losses = {name: float(loss) for name, (loss, _) in results.items()}
            if step % 10 == 0:
                ex.record(epoch * num_batches + step, **losses)
            if step % 100 == 0:
                book = ex.beside(str(BOOK[epoch, step])) if (epoch, step) in BOOK else ""
                ex.log(f"Step {step:3} Loss {losses['listing']:.6f}{book}, weights shared {losses['shared']:.6f}")

    # %% Bits that neither network was trained on, the weights as they are now
    x, y = generate_data(ex.num_epochs)
    looking = {name: (n.final_state, n.step_losses, n.predictions) for name, n in networks.items()}
    states, step_losses, right = zero_states, {name: [] for name in networks}, {name: [] for name in networks}
    for step in range(100):
        results = sess.run(looking, feed_of(x, y, step, states))
        states = {name: result[0] for name, result in results.items()}
        now = slice(step * window, (step + 1) * window)
        for name, (_, losses, predictions) in results.items():
            step_losses[name].append(losses)
            right[name].append((predictions[:, :, 0] < 0.5) == y[:, now])

# The first window is left out: it has the targets that nobody can know.
by_position = {name: np.mean(losses[1:], axis=0) for name, losses in step_losses.items()}
accuracy = {name: float(np.mean(values[1:])) for name, values in right.items()}
first_window = {name: float(losses[0].mean()) for name, losses in step_losses.items()}
for name in networks:
    plot(name, ex.history[name], x[:, now], results[name][2], y[:, now])

# %% Where the listing's loss stays
# A window's loss asks for nothing that only the next window needs. With weights of their own the last steps therefore
# never learn to hold their bits; with shared weights the steps before teach them, for theirs are the same. The last bit
# is in the state all the same, but of the echo's three the first two are lost: 2·ln2/15 is what no start gets below.
# Other positions come late or never, as the first weights fall: over 14 starts the last epoch's mean is 0.095 to 0.151.
guessed = int(np.sum(by_position["listing"] > 0.5))
first_two = by_position["listing"][:2].sum() / window
print("\nmean loss on new bits at each position of the window; a guess costs ln 2 = 0.6931")
for name, losses in by_position.items():
    print(f"  {name:8}", " ".join(f"{loss:.3f}" for loss in losses), f" mean {losses.mean():.6f}")
print(f"the listing guesses {guessed} of {window} positions: {guessed}·ln2/{window} = {guessed * chance:.6f}")
print(f"positions 1 and 2 make {first_two:.6f} of its loss, against 2·ln2/{window} = {2 * chance:.6f}")
print(f"right: shared {accuracy['shared']:.4f}, listing {accuracy['listing']:.4f}")
hidden = ex.echo_step * (ex.batch_size - 1)
print(
    f"the first window asks for {hidden} bits of {window * ex.batch_size} that nobody can know and begins from zeros:"
)
unknown = hidden / ex.batch_size * chance
print(f"  loss {first_window['shared']:.4f} with shared weights; guesses for those bits alone make {unknown:.4f}")

figure, axis = plt.subplots(figsize=(6.4, 4.0))
places = np.arange(window)
axis.bar(places - 0.2, by_position["listing"], 0.4, label="the listing: weights of its own each step")
axis.bar(places + 0.2, by_position["shared"], 0.4, label="weights shared by the steps")
axis.axhline(np.log(2), color="gray", linestyle="--", label="ln 2: guessing")
axis.set(xlabel="position in the window", ylabel="mean loss on new bits")
axis.legend(loc="center right")
ex.figure(figure, "loss_by_position")

labels = {"shared": "weights shared", "listing": "the listing"}
figure = figures.curves(
    {labels[name]: points for name, points in ex.history.items()}, xlabel="step", ylabel="loss of the window", log=True
)
axis = figure.axes[0]
axis.axhline(2 * chance, color="gray", linestyle="--", label=f"2·ln2/{window}")
if ex.comparable:
    axis.plot([epoch * num_batches + step for epoch, step in BOOK], list(BOOK.values()), "s", label="the book")
axis.legend()
ex.figure(figure, "loss")


# %% Results
def late_mean(name):
    """Return the mean training loss of the last epoch from step 100 on."""
    first = (ex.num_epochs - 1) * num_batches + 100
    return np.mean([loss for step, loss in ex.history[name] if step >= first])


late_book = np.mean([loss for (epoch, step), loss in BOOK.items() if epoch == 4 and step >= 100])
ex.report("weights, the listing", networks["listing"].weights)
ex.report("weights, shared", networks["shared"].weights)
# 0.124 ± 0.020 over 14 starts of our own, 0.095 to 0.151
ex.report("the listing: mean loss of the last epoch", late_mean("listing"), book=late_book, tolerance=0.05)
ex.report("weights shared: mean loss of the last epoch", late_mean("shared"), book=late_book, better="lower")
ex.report("the listing: positions 1 and 2 of it", first_two)
ex.report(f"2·ln2/{window}", 2 * chance)
ex.report("the listing: positions guessed", guessed)
ex.report("the listing: loss by position, new bits", by_position["listing"])
ex.report("weights shared: loss by position, new bits", by_position["shared"])
ex.report("the listing: loss, new bits", by_position["listing"].mean())
ex.report("weights shared: loss, new bits", by_position["shared"].mean())
ex.report("the listing: right, new bits", accuracy["listing"])
ex.report("weights shared: right, new bits", accuracy["shared"])
ex.report("weights shared: loss of the first window", first_window["shared"])
ex.finish()
