"""Section 6.4 · Loss functions (损失函数)

Book:      intro 6.4, equations 6-12 and 6-13, table 6-2
Data:      a few targets and outputs written by hand
Shows:     the squared errors (MSE three ways, RMSE, MAD) and the four cross-entropies of table 6-2, each against its
           formula and against each other; what log(softmax) does to a confident error; why targets and outputs must
           be in the same range
Departs:   there is a function for the MSE, tf.losses.mean_squared_error; 0·ln 0 is not 0 in floating point but NaN;
           the name logits is kept for the outputs (the book's MSE uses it for the labels); a missing bracket is set
Time:      5 s on 2 CPU cores
"""

import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__)

# %% Squared errors (6.4.1): for targets that are numbers without a limit
targets = tf.constant([3.0, -0.5, 2.0, 7.0])
outputs = tf.constant([2.5, 0.0, 2.0, 8.0])
MSE = {
    "tf.pow(…, 2.0)": tf.reduce_mean(tf.pow(tf.subtract(targets, outputs), 2.0)),
    "tf.square(tf.subtract(…))": tf.reduce_mean(tf.square(tf.subtract(targets, outputs))),
    "tf.square(… − …)": tf.reduce_mean(tf.square(targets - outputs)),
    "tf.losses.mean_squared_error": tf.losses.mean_squared_error(targets, outputs),
}
RMSE = tf.sqrt(tf.reduce_mean(tf.square(targets - outputs)))
MAD = tf.reduce_mean(tf.abs(targets - outputs))  # tf.complex_abs in the book

# %% Cross-entropies (6.4.2): for targets that say which class it is
y = tf.constant([[0.0, 0, 1], [0, 1, 0]])
ids = tf.argmax(y, 1)  # sparse labels are class numbers from 0
logits = tf.constant([[2, 0.5, 6], [0.1, 0, 3]])
a = tf.nn.sigmoid(logits)
pos_weight = 3.0

sigmoid_ce = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
softmax_ce = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
sparse_ce = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
weighted_ce = tf.nn.weighted_cross_entropy_with_logits(labels=y, logits=logits, pos_weight=pos_weight)

# %% The same by their formulas, and by each other
two_scores = tf.stack([tf.zeros_like(logits), logits], axis=-1)
EQUAL = {
    "sigmoid CE = −[y ln a + (1 − y) ln(1 − a)]": (sigmoid_ce, -(y * tf.log(a) + (1 - y) * tf.log(1 - a))),
    "softmax CE = −sum(y · log(softmax))": (softmax_ce, -tf.reduce_sum(y * tf.log(tf.nn.softmax(logits)), 1)),
    "sparse CE = softmax CE": (sparse_ce, softmax_ce),
    "weighted CE = −[p y ln a + (1 − y) ln(1 − a)]": (
        weighted_ce,
        -(pos_weight * y * tf.log(a) + (1 - y) * tf.log(1 - a)),
    ),
    "weighted CE with pos_weight 1 = sigmoid CE": (
        tf.nn.weighted_cross_entropy_with_logits(labels=y, logits=logits, pos_weight=1.0),
        sigmoid_ce,
    ),
    "sigmoid CE = softmax CE of the scores 0 and z": (
        sigmoid_ce,
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(y, tf.int64), logits=two_scores),
    ),
    "mean of the sigmoid CE = the book's c (6-13)": (
        tf.reduce_mean(sigmoid_ce),
        -tf.reduce_mean(y * tf.log(a) + (1 - y) * tf.log(1 - a)),
    ),
}

# %% A confident error and a perfect answer: the softmax is rounded to 0 and 1, and 0·ln 0 is NaN
error = tf.constant([[200.0, 0, 0]])
names = ["the logits op", "log(softmax)", "log(clipped softmax)"]
CONFIDENT = {"wrong": tf.constant([[0.0, 1, 0]]), "right": tf.constant([[1.0, 0, 0]])}
costs, slopes = {}, {}
for name, label in CONFIDENT.items():
    p = tf.nn.softmax(error)
    costs[name] = [
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=label, logits=error)[0],
        -tf.reduce_sum(label * tf.log(p)),
        -tf.reduce_sum(label * tf.log(tf.clip_by_value(p, 1e-10, 1.0))),
    ]
    slopes[name] = [tf.gradients(cost, error)[0][0] for cost in costs[name]]

# %% The same range for targets and outputs: a sigmoid never reaches a target of 10
far_target = tf.constant(10.0)
best_sigmoid = tf.square(far_target - tf.nn.sigmoid(tf.constant(100.0)))
scaled_target = tf.square(far_target / 20 - tf.nn.sigmoid(tf.constant(0.0)))  # targets of 0…20 scaled to 0…1

# %% Run and print
with ex.session() as sess:
    mse, rmse, mad = sess.run([MSE, RMSE, MAD])
    four = sess.run({"sigmoid": sigmoid_ce, "softmax": softmax_ce, "sparse": sparse_ce, "weighted": weighted_ce})
    pairs = sess.run(EQUAL)
    cost_values, slope_values = sess.run([costs, slopes])
    out_of_range, in_range = sess.run([best_sigmoid, scaled_target])

print("MSE:", mse, " RMSE:", rmse, " MAD:", mad)
for name, value in four.items():
    print(f"{name} cross-entropy:", value.tolist())
differences = {name: float(np.abs(one - other).max()) for name, (one, other) in pairs.items()}
for name, difference in differences.items():
    print(f"{name}: largest difference {difference:.1e}")
print("scores 200, 0, 0")
for answer, values in cost_values.items():
    for name, value, slope in zip(names, values, slope_values[answer], strict=True):
        print(f"  {answer} answer, {name}: cost {value}, gradient {slope}")
print(f"target 10: the best a sigmoid can do is a squared error of {out_of_range}; with the target scaled, {in_range}")

# %% Results: the book prints no figures here
for name, value in mse.items():
    ex.report(f"MSE by {name}", value)
ex.report("RMSE", rmse)
ex.report("MAD", mad)
for name, value in four.items():
    ex.report(f"{name} cross-entropy", value)
for name, difference in differences.items():
    ex.report(name, difference)
for answer, values in cost_values.items():
    for name, value, slope in zip(names, values, slope_values[answer], strict=True):
        ex.report(f"confident, {answer}: cost by {name}", value if np.isfinite(value) else str(value))
        ex.report(f"confident, {answer}: gradient by {name}", slope if np.isfinite(slope).all() else "nan")
ex.report("least squared error of a sigmoid for the target 10", out_of_range)
ex.report("the same with the target scaled to 0…1", in_range)
ex.finish()
