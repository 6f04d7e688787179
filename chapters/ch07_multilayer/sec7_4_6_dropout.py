"""Section 7.4.6 · Dropout (dropout——训练过程中，将部分神经单元暂时丢弃)

Book:      intro 7.4.6
Data:      ones, so that the mask can be read off
Shows:     tf.nn.dropout drops each value with probability rate and scales the survivors by 1/keep_prob, which keeps
           the mean; keep_prob 1 is the identity; a new mask in every run; noise_shape [n, 1, 1, channels] shares one
           mask along height and width; the same seed gives the same mask
Departs:   TensorFlow asks for rate = 1 - keep_prob (keep_prob is deprecated); the book leaves the scaling out, and
           says of a 1 in noise_shape that dropout works on that axis, where the mask is shared along it
Time:      6 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, keep_prob=0.8)

# %% What it does to a row of ones
keep_prob = tf.placeholder(tf.float32)
row = tf.ones([1, 10])
dropped = tf.nn.dropout(row, rate=1 - keep_prob)

# %% The mean is kept: a million ones, for several keep_prob
million = tf.nn.dropout(tf.ones([1000, 1000]), rate=1 - keep_prob)
mean, kept_share, largest = tf.reduce_mean(million), 1 - tf.nn.zero_fraction(million), tf.reduce_max(million)

with ex.session() as sess:
    first, second = (sess.run(dropped, {keep_prob: ex.keep_prob}) for _ in range(2))
    identity = sess.run(dropped, {keep_prob: 1.0})
    keeps = [1.0, 0.8, 0.6, 0.5, 0.2]
    measured = np.array([sess.run([mean, kept_share, largest], {keep_prob: keep}) for keep in keeps])
print("run 1:", first[0])
print("run 2:", second[0])
print("keep_prob 1:", identity[0])
print("\nkeep_prob  mean    share kept  value of the kept")
for keep, (average, share, value) in zip(keeps, measured, strict=True):
    print(f"{keep:9.1f} {average:7.4f} {share:10.4f} {value:15.4f}")

figure, axis = plt.subplots(figsize=(6, 3.6))
axis.plot(keeps, measured[:, 0], "o-", label="mean of the output")
axis.plot(keeps, measured[:, 1], "s-", label="share kept")
axis.plot(keeps, measured[:, 2], "^-", label="value of the kept")
axis.set(xlabel="keep_prob", title="dropout of a million ones")
axis.grid(alpha=0.3)
axis.legend()
figure.tight_layout()
ex.figure(figure, "scaling")

# %% The old name: keep_prob as an argument is still taken (deprecated)
tf.reset_default_graph()
ex.seed_everything()
old = tf.nn.dropout(tf.ones([8, 8]), keep_prob=ex.keep_prob, seed=5)
new = tf.nn.dropout(tf.ones([8, 8]), rate=1 - ex.keep_prob, seed=5)

# %% noise_shape: a picture of ones [n, height, width, channels] with masks of four kinds
n, size, channels = 2, 6, 4
pictures = tf.ones([n, size, size, channels])
shapes = {
    "none: every value": None,
    "[n, 1, 1, channels]: whole channels": [n, 1, 1, channels],
    "[n, size, size, 1]: all channels of a pixel": [n, size, size, 1],
    "[n, 1, size, channels]: whole columns": [n, 1, size, channels],
}
outputs = {name: tf.nn.dropout(pictures, rate=0.5, noise_shape=shape, seed=7) for name, shape in shapes.items()}
with ex.session() as sess:
    old_value, new_value, by_shape = sess.run([old, new, outputs])
same_as_old = bool((old_value == new_value).all())
print("\nkeep_prob=… and rate=1-… with one seed give the same mask:", same_as_old)


def shared_axes(values):
    """Return the axes along which all values are the same."""
    return [axis for axis in range(values.ndim) if (values == np.take(values, [0], axis)).all()]


shared = {name: shared_axes(values) for name, values in by_shape.items()}
for name, axes in shared.items():
    print(f"noise_shape {name:46} the mask is shared along the axes {axes}")

# One picture of each kind: its channels beside each other, bright where kept.
tiles = np.concatenate([np.moveaxis(values[1], -1, 0) for values in by_shape.values()])
labels = [f"{name.split(':')[0]}\nchannel {c}" for name in shapes for c in range(channels)]
ex.figure(figures.image_grid(tiles, labels, columns=channels, size=1.9, limits=(0, 2), cmap="viridis"), "noise_shape")

# %% Results
ex.report("run 1", first)
ex.report("run 2", second)
ex.report("keep_prob 1 is the identity", bool((identity == 1).all()))
ex.report("keep_prob", keeps)
ex.report("mean of the output", measured[:, 0])
ex.report("share kept", measured[:, 1])
ex.report("value of the kept", measured[:, 2])
ex.report("keep_prob= and rate= give the same mask", same_as_old)
for name, axes in shared.items():
    ex.report(f"mask shared along, {name.split(':')[0]}", axes)
ex.finish()
