"""Example 4 · Learning parameters defined by a dictionary (通过字典类型定义"学习参数")

Book:      intro 3.3.5, listing 3-4
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     weights and biases kept in a dictionary, the usual style for deeper networks; everything else is example 1,
           and with the same seed every figure is the same as there
Departs:   the variables are named: unnamed they are Variable and Variable_1, and a checkpoint (example 9) then hangs on
           the order in which they were made
Time:      7 s on 2 CPU cores
"""

from models import smoothed_loss

from utils import figures
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, display_step=2)

# %% The data
train_X, train_Y = noisy_line()
ex.figure(figures.points_and_line(train_X, train_Y), "data")

# %% The graph
with tf.device(ex.device):
    X = tf.placeholder(tf.float32)
    Y = tf.placeholder(tf.float32)

    paradict = {
        "w": tf.Variable(tf.random_normal([1]), name="weight"),
        "b": tf.Variable(tf.zeros([1]), name="bias"),
    }
    z = tf.multiply(X, paradict["w"]) + paradict["b"]
    cost = tf.reduce_mean(tf.square(Y - z))
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(cost)

print("variables:", {key: variable.name for key, variable in paradict.items()})

# %% Training
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        for x, y in zip(train_X, train_Y, strict=True):
            sess.run(optimizer, {X: x, Y: y})

        loss, parameters = sess.run([cost, paradict], {X: train_X, Y: train_Y})  # a dictionary is fetched as one
        ex.record(epoch + 1, cost=loss)
        if epoch % ex.display_step == 0:
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {parameters['w']} b= {parameters['b']}")
    print(" Finished!")

    print("cost=", loss, "W=", parameters["w"], "b=", parameters["b"])
    prediction = sess.run(z, {X: 0.2})
    print("x=0.2, z=", prediction)

ex.figure(figures.points_and_line(train_X, train_Y, parameters["w"], parameters["b"]), "fit")
ex.figure(smoothed_loss(ex.history["cost"]), "loss")

# %% Results: those of example 1
ex.report("cost", loss)
ex.report("W", parameters["w"][0])
ex.report("b", parameters["b"][0])
ex.report("z(0.2)", prediction[0])
ex.finish()
