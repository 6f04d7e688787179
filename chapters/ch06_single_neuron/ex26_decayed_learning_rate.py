"""Example 26 · Decayed learning rate (退化学习率的用法举例)

Book:      intro 6.6.4, file 6-3
Data:      none
Shows:     exponential_decay: the twenty rates that the book prints; steps and rates paired in both orders; continuous
           decay and staircase; that the rate decays only if minimize(..., global_step=...) is given the step
Departs:   the book fetches the step and the rate in one run without saying which comes first: here control
           dependencies say it; staircase does not mean "no decay" as the book has it, but decay in steps; the book's
           "shrinks to 0.96%" is a factor of 0.96
Time:      6 s on 2 CPU cores
"""

import matplotlib.pyplot as plt
import numpy as np

from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, initial_learning_rate=0.1, decay_steps=10, decay_rate=0.9)

# What the book prints beside the steps 1 to 20.
BOOK = """
    0.1       0.0989519 0.0979148 0.0968886 0.0958732 0.0948683 0.093874  0.0928902 0.0919166 0.0909533
    0.09      0.0890567 0.0881234 0.0871998 0.0862858 0.0853815 0.0844866 0.0836011 0.082725  0.0818579"""
BOOK = [float(rate) for rate in BOOK.split()]

# %% As in the book: nothing says whether the rate is read before or after the step is counted up
global_step = tf.Variable(0, trainable=False, name="global_step")
learning_rate = tf.train.exponential_decay(
    ex.initial_learning_rate, global_step, ex.decay_steps, ex.decay_rate, staircase=False
)
add_global = global_step.assign_add(1)

# %% The rate first: the pairs that the book prints
with tf.control_dependencies([learning_rate]):
    add_after = global_step.assign_add(1)

# %% The step first: the pairs that belong together
# read_value() reads anew at this place; the plain `global_step` would be the read made with the variable.
with tf.control_dependencies([add_global]):
    rate_after = tf.train.exponential_decay(
        ex.initial_learning_rate, global_step.read_value(), ex.decay_steps, ex.decay_rate
    )

# %% Twenty steps of each
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    first_rate = sess.run(learning_rate)
    print(first_rate)
    rate_first = [sess.run([add_after, learning_rate]) for _ in range(20)]
    sess.run(global_step.initializer)
    step_first = [sess.run([add_global, rate_after]) for _ in range(20)]
    sess.run(global_step.initializer)
    undecided = [sess.run([add_global, learning_rate]) for _ in range(20)]

print("step  the book's rate  read before the step  read after the step")
for (step, before), (_, after), book in zip(rate_first, step_first, BOOK, strict=True):
    print(f"{step:4d}  {book:15.7f}  {before:20.7f}  {after:19.7f}")
rates = np.array(rate_first)[:, 1]
early = int(sum(np.isclose(rate, before) for (_, rate), before in zip(undecided, rates, strict=True)))
print(f"without an order: the rate was read before the step {early} times in 20, in this run on this machine")

# %% Continuous and staircase
steps = tf.placeholder(tf.int64, [None])
smooth = tf.train.exponential_decay(ex.initial_learning_rate, steps, ex.decay_steps, ex.decay_rate)
stairs = tf.train.exponential_decay(ex.initial_learning_rate, steps, ex.decay_steps, ex.decay_rate, staircase=True)
# The setting that 6.6.3 names as usual: a factor of 0.96 every 100,000 steps.
usual = tf.train.exponential_decay(ex.initial_learning_rate, steps, 100_000, 0.96, staircase=True)
with ex.session() as sess:
    count = np.arange(61)
    smooth_rates, stair_rates = sess.run([smooth, stairs], {steps: count})
    usual_rates = sess.run(usual, {steps: [0, 99_999, 100_000, 200_000]})
print("staircase, steps 0, 9, 10, 19, 20:", stair_rates[[0, 9, 10, 19, 20]])
print("decay_steps 100000, decay_rate 0.96, steps 0, 99999, 100000, 200000:", usual_rates)

figure, axis = plt.subplots(figsize=(6.4, 4.0))
axis.plot(count, smooth_rates, label="continuous")
axis.step(count, stair_rates, where="post", label="staircase=True")
axis.plot(range(20), BOOK, "k.", label="the book's 20 rates, at the step they belong to")
axis.set(xlabel="global step", ylabel="learning rate", title="exponential_decay")
axis.grid(alpha=0.3)
axis.legend()
ex.figure(figure, "decay")

# %% In a training: minimize counts the step up, if it is given it
weight = tf.Variable(1.0, name="weight")
optimizer = tf.train.GradientDescentOptimizer(learning_rate)
forgotten = optimizer.minimize(tf.square(weight))
counted = optimizer.minimize(tf.square(weight), global_step=global_step)
trained = {}
with ex.session() as sess:
    for name, train in (("without global_step", forgotten), ("with global_step", counted)):
        sess.run(tf.global_variables_initializer())
        for _ in range(20):
            sess.run(train)
        trained[name] = sess.run([global_step, learning_rate])
        print(f"20 × minimize {name}: step {trained[name][0]}, rate {trained[name][1]:.7f}")

# %% Results
ex.report("rate at the start", first_rate, book=0.1)
ex.report("steps", [int(step) for step, _ in rate_first], book=list(range(1, 21)))
ex.report("rates, read before the step", rates, book=BOOK)
ex.report("rates, read after the step", [rate for _, rate in step_first])
ex.report("staircase, steps 0, 9, 10, 19, 20", stair_rates[[0, 9, 10, 19, 20]])
ex.report("100,000 steps at 0.96: steps 0, 99,999, 100,000, 200,000", usual_rates)
for name, (step, rate) in trained.items():
    ex.report(f"after 20 × minimize {name}", [int(step), float(rate)])
ex.finish()
