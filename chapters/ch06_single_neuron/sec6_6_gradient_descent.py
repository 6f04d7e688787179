"""Section 6.6 · Gradient descent and optimisers (梯度下降)

Book:      intro 6.6.1–6.6.3, table 6-3
Data:      100 points near y = 2x, drawn in the script
Model:     z = w·x + b
Shows:     batch, stochastic and mini-batch descent on the same data; the seven optimisers of table 6-3 from one start,
           and how far each gets with each learning rate; the learning rate's trade-off; decaying the rate, and
           enlarging the mini-batch in its place
Departs:   the defaults that the table lists are compared with the real signatures; the rate decays by
           decay_rate^(global_step / decay_steps) (the book writes decayed_steps)
Time:      10 s on 2 CPU cores
"""

import inspect

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, passes=8, mini_batch=20, learning_rate=0.1, steps=60)

# %% The data, and the answer that least squares gives
train_x = np.linspace(-1, 1, 100).astype(np.float32)
train_y = (2 * train_x + np.random.randn(100) * 0.3).astype(np.float32)
answer = np.polyfit(train_x, train_y, 1)


def costs_of(places):
    """Return the cost of all points at each of `places` (…, 2), that is w and b; infinite where they ran away."""
    places = np.asarray(places, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        costs = np.mean((places[..., :1] * train_x + places[..., 1:] - train_y) ** 2, axis=-1)
    return np.where(np.isfinite(costs), costs, np.inf)


least = float(costs_of(answer))
print(f"least squares: w = {answer[0]:.6f}, b = {answer[1]:.6f}, cost = {least:.6f}")

# %% The graph
START = [-1.0, 1.5]  # far from the answer
x = tf.placeholder(tf.float32, [None])
y = tf.placeholder(tf.float32, [None])
rate = tf.placeholder(tf.float32, [])
wb = tf.Variable(START, name="wb")
cost = tf.reduce_mean(tf.square(wb[0] * x + wb[1] - y))
train = tf.train.GradientDescentOptimizer(rate).minimize(cost)
with tf.control_dependencies([train]):
    place = wb.read_value()  # w and b after the update
init = tf.global_variables_initializer()


def descend(sess, batch_of, rate_of):
    """Go through the data `ex.passes` times from the start; return w and b at the start and after each update, [n, 2].

    `batch_of(epoch)` and `rate_of(epoch)` give the batch size and the learning rate of each pass.
    """
    order = np.random.RandomState(ex.seed)
    sess.run(init)
    path = [np.array(START)]
    for epoch in range(ex.passes):
        shuffled = order.permutation(len(train_x))
        for first in range(0, len(shuffled), batch_of(epoch)):
            chosen = shuffled[first : first + batch_of(epoch)]
            path.append(sess.run(place, {x: train_x[chosen], y: train_y[chosen], rate: rate_of(epoch)}))
    return np.array(path)


# %% Three kinds of gradient descent (6.6.1): all points, one point, or a few points in each update
KINDS = {"batch": len(train_x), "stochastic": 1, "mini-batch": ex.mini_batch}
paths, kinds = {}, {}
with ex.session() as sess:
    for name, size in KINDS.items():
        paths[name] = descend(sess, lambda epoch, size=size: size, lambda epoch: ex.learning_rate)
        costs = costs_of(paths[name])
        kinds[name] = {
            "updates": len(costs) - 1,
            "cost after one pass": float(costs[len(train_x) // size]),
            "cost at the end": float(costs[-1]),
            "share of updates that raised the cost": float(np.mean(np.diff(costs) > 0)),
        }
        print(f"{name:10s} {', '.join(f'{what} {value:.6g}' for what, value in kinds[name].items())}")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4))
grid_w, grid_b = np.meshgrid(np.linspace(-1.3, 2.8, 60), np.linspace(-0.6, 1.8, 60))
left.contour(grid_w, grid_b, costs_of(np.stack([grid_w, grid_b], axis=-1)), levels=20, colors="0.8")
for name in ("stochastic", "mini-batch", "batch"):
    left.plot(*paths[name].T, label=name, marker="." if name == "batch" else None, linewidth=1)
    costs = costs_of(paths[name])
    right.plot(np.linspace(0, ex.passes, len(costs)), costs - least, label=name, linewidth=1)
left.plot(*answer, "k*", markersize=10, label="least squares")
left.set(xlabel="w", ylabel="b", title="the way of w and b over the cost")
right.set(xlabel="passes through the data", ylabel="cost above the least", title="cost of all points", yscale="log")
for axis in (left, right):
    axis.legend()
figure.tight_layout()
ex.figure(figure, "three_kinds")

# %% The optimiser classes (6.6.2, table 6-3): the arguments that the book lists, and those of the class itself
TABLE = {
    "GradientDescentOptimizer": {},
    "AdadeltaOptimizer": {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-8},
    "AdagradOptimizer": {"initial_accumulator_value": 0.1},
    "MomentumOptimizer": {"use_nesterov": False},
    "AdamOptimizer": {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "FtrlOptimizer": {
        "learning_rate_power": -0.5,
        "initial_accumulator_value": 0.1,
        "l1_regularization_strength": 0.0,
        "l2_regularization_strength": 0.0,
    },
    "RMSPropOptimizer": {"decay": 0.9, "momentum": 0.0, "epsilon": 1e-10},
}
defaults = {}
for name, listed in TABLE.items():
    parameters = inspect.signature(getattr(tf.train, name)).parameters
    defaults[name] = {key: parameters[key].default for key in listed}
    needed = [key for key, p in parameters.items() if p.default is p.empty]
    more = [key for key in parameters if key not in (*listed, *needed, "use_locking", "name")]
    print(f"{name}: needs {needed}, defaults {defaults[name]}" + (f", not in the table: {more}" if more else ""))

# %% Each of them from the same start, on all points: seven neurons in one graph, one learning rate for all
optimizers = {
    "GradientDescent": tf.train.GradientDescentOptimizer(rate),
    "Adadelta": tf.train.AdadeltaOptimizer(rate),
    "Adagrad": tf.train.AdagradOptimizer(rate),
    "Momentum": tf.train.MomentumOptimizer(rate, momentum=0.9),
    "Adam": tf.train.AdamOptimizer(rate),
    "Ftrl": tf.train.FtrlOptimizer(rate),
    "RMSProp": tf.train.RMSPropOptimizer(rate),
}
neurons, updates = [], []
for name, optimizer in optimizers.items():
    neuron = tf.Variable(START, name=f"wb_{name}")
    loss = tf.reduce_mean(tf.square(neuron[0] * x + neuron[1] - y))
    updates.append(optimizer.minimize(loss, var_list=[neuron]))
    neurons.append(neuron)
with tf.control_dependencies(updates):
    seven_places = tf.stack([neuron.read_value() for neuron in neurons])
init_seven = tf.global_variables_initializer()

RATES = [0.001, 0.01, 0.03, 0.1, 0.3, 0.9, 3.0, 10.0, 100.0]
everything = {x: train_x, y: train_y}
curves = {}  # learning rate → cost above the least, [step, optimiser]
with ex.session() as sess:
    for one_rate in dict.fromkeys([ex.learning_rate, *RATES]):
        sess.run(init_seven)
        seven = [[START] * 7]
        seven += [sess.run(seven_places, everything | {rate: one_rate}) for _ in range(ex.steps)]
        curves[one_rate] = costs_of(seven) - least
at_end = np.array([curves[one_rate][-1] for one_rate in RATES])
best_rate = dict(zip(optimizers, (RATES[row] for row in at_end.argmin(axis=0)), strict=True))
one_rate_for_all = dict(zip(optimizers, curves[ex.learning_rate][-1].tolist(), strict=True))
at_best_rate = dict(zip(optimizers, at_end.min(axis=0).tolist(), strict=True))
print(f"cost above the least after {ex.steps} steps; at the start it is {curves[ex.learning_rate][0, 0]:.3f}")
for name in optimizers:
    print(f"  {name:16s} {one_rate_for_all[name]:.2e} at rate {ex.learning_rate}", end="; ")
    print(f"{at_best_rate[name]:.2e} at {best_rate[name]}, the best of the rates tried")


def draw(name, title, lines, xlabel):
    """Draw `lines`, name → [(x, cost above the least)], without what is infinite and not below 1e-8."""
    shown = {
        label: [(place, min(max(c, 1e-8), 1e3)) for place, c in line if np.isfinite(c)] for label, line in lines.items()
    }
    figure = figures.curves(shown, xlabel=xlabel, ylabel="cost above the least", title=title, log=True)
    figure.axes[0].set_xscale("log" if "rate" in xlabel else "linear")
    ex.figure(figure, name)


title = f"Seven optimisers from one start, learning rate {ex.learning_rate}"
lines = {name: list(enumerate(curve)) for name, curve in zip(optimizers, curves[ex.learning_rate].T, strict=True)}
draw("optimizers", title, lines, "step")
lines = {name: list(zip(RATES, ends, strict=True)) for name, ends in zip(optimizers, at_end.T, strict=True)}
draw("rates_of_optimizers", f"After {ex.steps} steps, by learning rate", lines, "learning rate")

# %% The trade-off of the learning rate (6.6.3), for plain gradient descent
TRADE_OFF = {0.01: "too small", 0.1: "slow", 0.5: "right", 0.95: "to and fro", 1.02: "too large"}
trade_off = {}
with ex.session() as sess:
    for one_rate, verdict in TRADE_OFF.items():
        sess.run(init)
        path = [START] + [sess.run(place, everything | {rate: one_rate}) for _ in range(30)]
        trade_off[one_rate] = costs_of(path) - least
        print(f"learning rate {one_rate:4}: {trade_off[one_rate][-1]:.2e} above the least after 30 steps ({verdict})")
lines = {f"{r} ({verdict})": list(enumerate(trade_off[r])) for r, verdict in TRADE_OFF.items()}
draw("trade_off", "Gradient descent by learning rate", lines, "step")

# %% Against the noise of small batches (6.6.3): decay the rate, or enlarge the batch in its place
SMALL, HIGH = 5, 0.4
TAMED = {
    "constant rate": (lambda epoch: SMALL, lambda epoch: HIGH),
    "rate × 0.6 after each pass": (lambda epoch: SMALL, lambda epoch: HIGH * 0.6**epoch),
    "batch doubled after each pass": (lambda epoch: min(SMALL * 2**epoch, len(train_x)), lambda epoch: HIGH),
}
tamed = {}
with ex.session() as sess:
    for name, (batch_of, rate_of) in TAMED.items():
        path = descend(sess, batch_of, rate_of)
        tamed[name] = [len(path) - 1, float(np.linalg.norm(path[-1] - answer))]
        print(f"{name:30s} {tamed[name][0]:4d} updates, then {tamed[name][1]:.4f} from the answer")

# %% Results: the book prints only the defaults of table 6-3
for name, listed in TABLE.items():
    if listed:
        ex.report(f"{name}, defaults", defaults[name], book=listed)
ex.report("least cost", least)
for name, row in kinds.items():
    for what, value in row.items():
        ex.report(f"{name}: {what}", value)
for name in optimizers:
    ex.report(f"{name}: cost above the least, one rate for all", one_rate_for_all[name])
    ex.report(f"{name}: best rate, cost above the least there", [best_rate[name], at_best_rate[name]])
for one_rate, costs in trade_off.items():
    ex.report(f"gradient descent at {one_rate}: cost above the least", costs[-1])
for name, row in tamed.items():
    ex.report(f"{name}: updates, distance from the answer", row)
ex.finish()
