"""Section 8.9.3 · Batch normalisation: idea and functions (批量归一化)

Book:      intro 8.9.3
Data:      toy numbers; batches drawn in the script
Shows:     the book's toy net, where one step of the same error moves two equal nets far apart; tf.nn.moments,
           tf.nn.batch_normalization, tf.train.ExponentialMovingAverage; a layer of these parts that normalises by the
           batch in training and by the moving averages afterwards
Departs:   the second net's next output is about 1.0002·10⁸ (the book: 10⁹); tf.contrib's batch_norm is gone: its parts
           are put together here, and compared with tf.layers.batch_normalization; the toy step adds the gradient, as in
           the book, which is for illustration
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, steps=100)

# %% The toy net: z = x·w1·w2·w3, one node a layer, no bias; in float64, for 10000.0001 needs nine digits
x = tf.constant(1.0, tf.float64)
NETS = {"(1, 1, 1)": [1.0, 1.0, 1.0], "(0.01, 10000, 0.01)": [0.01, 10000.0, 0.01]}
toy = {}
for name, start in NETS.items():
    weights = tf.constant(start, tf.float64)
    z = x * tf.reduce_prod(weights)
    updates = tf.gradients(z, weights)[0]  # for Δy = 1
    stepped = weights + updates
    toy[name] = {"z": z, "updates": updates, "stepped": stepped, "next": x * tf.reduce_prod(stepped)}

# %% With each layer's output normalised over the batch, the size of the weights plays no part
inputs = tf.constant([[1.0], [2.0], [4.0], [7.0]], tf.float64)
normalised_nets = []
for node in toy.values():
    signal = inputs
    for layer in range(3):
        signal = signal * node["stepped"][layer]
        mean, variance = tf.nn.moments(signal, [0])
        signal = tf.nn.batch_normalization(signal, mean, variance, None, None, 1e-9)
    normalised_nets.append(signal)

# %% tf.nn.moments: the mean and the variance over all axes but the last
features = tf.random_normal([128, 3, 3, 12], seed=ex.seed)
feature_mean, feature_variance = tf.nn.moments(features, [0, 1, 2])

# %% tf.nn.batch_normalization: (x − mean) / √(variance + ε) · scale + offset
small = tf.constant([[1.0, 2.0], [3.0, 6.0]])
mean, variance = tf.nn.moments(small, [0])
normalised = tf.nn.batch_normalization(small, mean, variance, offset=0.0, scale=1.0, variance_epsilon=0.001)
by_hand = (small - mean) / tf.sqrt(variance + 0.001)

# %% tf.train.ExponentialMovingAverage: shadow = decay · shadow + (1 − decay) · value
number = tf.Variable(0.0)
ema = tf.train.ExponentialMovingAverage(decay=0.9)
maintain = ema.apply([number])
shadow = ema.average(number)
new_number = tf.placeholder(tf.float32, [])
set_number = tf.assign(number, new_number)


# %% A layer that does it all, in the place of tf.contrib.layers.batch_norm (decay 0.9, no scale, updates at once)
def batch_norm(values, is_training, decay=0.9, epsilon=0.001):
    """Normalise `values` [batch, features]; return the result, the moving mean and the moving variance."""
    count = values.shape.as_list()[-1]
    beta = tf.Variable(tf.zeros([count]))
    moving_mean = tf.Variable(tf.zeros([count]), trainable=False)
    moving_variance = tf.Variable(tf.ones([count]), trainable=False)

    def train():
        mean, variance = tf.nn.moments(values, [0])
        keep = [
            tf.assign(moving_mean, decay * moving_mean + (1 - decay) * mean),
            tf.assign(moving_variance, decay * moving_variance + (1 - decay) * variance),
        ]
        with tf.control_dependencies(keep):
            return tf.identity(mean), tf.identity(variance)

    mean, variance = tf.cond(is_training, train, lambda: (moving_mean.read_value(), moving_variance.read_value()))
    return tf.nn.batch_normalization(values, mean, variance, beta, None, epsilon), moving_mean, moving_variance


with tf.device(ex.device):
    batch = tf.placeholder(tf.float32, [None, 1])
    is_training = tf.placeholder(tf.bool, [])
    layer, moving_mean, moving_variance = batch_norm(batch, is_training)
    library = tf.layers.batch_normalization(batch, momentum=0.9, scale=False, training=True)

# %% Run
DECAYING = [10.0, 20.0, 0.0, 5.0, 40.0]
draw = np.random.RandomState(ex.seed)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())

    toys = sess.run(toy)
    for name, values in toys.items():
        print(f"weights {name}: z = {values['z']:g}, updates {values['updates']}, then {values['stepped']},")
        print(f"  next output {values['next']:,.1f}")
    one, other = sess.run(normalised_nets)
    print("with batch normalisation, after the step:", one.ravel(), "and", other.ravel())

    drawn, drawn_mean, drawn_variance = sess.run([features, feature_mean, feature_variance])
    print("moments of [128, 3, 3, 12] over [0, 1, 2]:", drawn_mean.shape, drawn_variance.shape)
    m, v, result, hand = sess.run([mean, variance, normalised, by_hand])
    print(f"mean {m}, variance {v} (with n − 1 it were {np.var([[1, 2], [3, 6]], axis=0, ddof=1)})\n{result}")

    averages, expected, shadow_by_hand = [], [], 0.0
    for value in DECAYING:
        sess.run(set_number, {new_number: value})
        sess.run(maintain)
        averages.append(float(sess.run(shadow)))
        shadow_by_hand = 0.9 * shadow_by_hand + 0.1 * value
        expected.append(shadow_by_hand)
    print("moving average of", DECAYING, "→", np.round(averages, 5))

    # Training: batches of 64 around 5, ± 3
    for _ in ex.progress(range(ex.steps), unit="step"):
        sess.run(layer, {batch: draw.normal(5, 3, [64, 1]), is_training: True})
    trained_mean, trained_variance = sess.run([moving_mean, moving_variance])
    ours, theirs = sess.run([layer, library], {batch: [[1.0], [2.0], [6.0]], is_training: True})

    # Use: one example at a time, as it comes. First put the averages back that the last call has moved.
    sess.run([moving_mean.assign(trained_mean), moving_variance.assign(trained_variance)])
    used = np.ravel([sess.run(layer, {batch: [[value]], is_training: False}) for value in (2.0, 5.0, 8.0)])
    by_itself = np.ravel([sess.run(layer, {batch: [[value]], is_training: True}) for value in (2.0, 5.0, 8.0)])
    left_alone = sess.run(layer, {batch: [[2.0], [5.0], [8.0]], is_training: False})

print(f"after {ex.steps} batches: moving mean {trained_mean[0]:.3f}, moving variance {trained_variance[0]:.3f}")
print("2, 5 and 8, one by one: by the moving averages", used, " by their own statistics", by_itself)
print("  after those calls in training mode the averages have moved: 2, 5 and 8 give", left_alone.ravel())

# %% Results
first, second = toys.values()
ex.report("toy: z of both nets", [first["z"], second["z"]], book=[1, 1])
ex.report("toy: updates of (1, 1, 1)", first["updates"], book=[1, 1, 1])
ex.report("toy: updates of (0.01, 10000, 0.01)", second["updates"], book=[100, 0.0001, 100])
ex.report("toy: weights then, first net", first["stepped"], book=[2, 2, 2])
ex.report("toy: weights then, second net", second["stepped"], book=[100.01, 10000.0001, 100.01])
ex.report("toy: next output, first net", first["next"], book=8)
ex.report("toy: next output, second net (a slip of the book's)", second["next"], book=1_000_000_000)
ex.report("toy, normalised: both nets agree", bool(np.allclose(one, other)))
ex.report("shape of the moments", drawn_mean.shape, book=[12])
ex.report("the variance is the biased one", bool(np.allclose(drawn_variance, drawn.var(axis=(0, 1, 2)), atol=1e-5)))
ex.report("mean and variance of [[1, 2], [3, 6]]", [m, v])
ex.report("normalised [[1, 2], [3, 6]]", result)
ex.report("normalised by hand is the same", bool(np.allclose(result, hand)))
ex.report("moving average by TensorFlow", averages)
ex.report("moving average by hand", expected)
ex.report("our layer's output is tf.layers.batch_normalization's", bool(np.allclose(ours, theirs, atol=1e-5)))
ex.report("moving mean", trained_mean[0])
ex.report("moving variance", trained_variance[0])
ex.report("2, 5, 8 one by one, moving averages", used)
ex.report("2, 5, 8 one by one, their own statistics", by_itself)
ex.finish()
