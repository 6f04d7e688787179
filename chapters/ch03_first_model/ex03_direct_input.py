"""Example 3 · Input nodes defined directly (直接定义输入节点)

Book:      intro 3.3.3, listing 3-3
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     data as constants of the graph, without placeholders: every step now sees all points, so the line becomes
           that of least squares, and a new x needs operations of its own
Departs:   example 1's 100 steps an epoch are kept, 2,000 in all, though each is a step on all points: 20 steps, one an
           epoch, end far from the line (printed below)
Time:      6 s on 2 CPU cores
"""

import numpy as np
from models import smoothed_loss

from utils import figures
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, steps_per_epoch=100, learning_rate=0.01, display_step=2)

# %% The data
points_x, train_Y = noisy_line()
train_X = points_x.astype(np.float32)
ex.figure(figures.points_and_line(train_X, train_Y), "data")

# %% The graph
with tf.device(ex.device):
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")
    z = tf.multiply(W, train_X) + b
    cost = tf.reduce_mean(tf.square(train_Y - z))
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(cost)

    # There is nothing to feed x = 0.2 into: the same W and b are used a second time.
    z_of_new_x = tf.multiply(W, 0.2) + b
print("z has the shape", z.shape, "and the type", z.dtype.name, "; train_Y is", train_Y.dtype)

# Without the cast above the order matters: after W an array takes the type of W, before it the types clash.
try:
    tf.multiply(points_x, W)
except TypeError as error:
    print("float64 first:", error)

# %% Training
after_20_steps = None
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        for step in range(ex.steps_per_epoch):
            sess.run(optimizer)
            if epoch * ex.steps_per_epoch + step + 1 == 20:
                after_20_steps = sess.run([W, b])

        loss, weight, bias = sess.run([cost, W, b])
        ex.record(epoch + 1, cost=loss)
        if epoch % ex.display_step == 0:
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
    print(" Finished!")

    print("cost=", loss, "W=", weight, "b=", bias)
    prediction = sess.run(z_of_new_x)
    print("x=0.2, z=", prediction)

least_squares = np.polyfit(points_x, train_Y, 1)
print("least squares:      W, b =", least_squares)
if after_20_steps:
    print("after 20 steps only: W, b =", *after_20_steps)

ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")
ex.figure(smoothed_loss(ex.history["cost"]), "loss")

# %% Results
ex.report("cost", loss)
ex.report("W", weight[0])
ex.report("b", bias[0])
ex.report("z(0.2)", prediction[0])
ex.report("W of least squares", least_squares[0])
ex.report("b of least squares", least_squares[1])
if after_20_steps:
    ex.report("W after 20 steps", after_20_steps[0][0])
ex.finish()
