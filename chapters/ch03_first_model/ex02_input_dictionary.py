"""Example 2 · Input nodes defined by a dictionary (通过字典类型定义输入节点)

Book:      intro 3.3.2, listing 3-2
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     several placeholders kept in one dictionary, handy where there are many inputs; everything else is example 1,
           and with the same seed every figure is the same as there
Departs:   the listing's title says output nodes; they are the inputs
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
    inputdict = {"x": tf.placeholder(tf.float32), "y": tf.placeholder(tf.float32)}

    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")
    z = tf.multiply(inputdict["x"], W) + b
    cost = tf.reduce_mean(tf.square(inputdict["y"] - z))
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(cost)

# %% Training: the keys of the feed are the two placeholders, not the names "x" and "y"
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        for x, y in zip(train_X, train_Y, strict=True):
            sess.run(optimizer, {inputdict["x"]: x, inputdict["y"]: y})

        loss, weight, bias = sess.run([cost, W, b], {inputdict["x"]: train_X, inputdict["y"]: train_Y})
        ex.record(epoch + 1, cost=loss)
        if epoch % ex.display_step == 0:
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
    print(" Finished!")

    print("cost=", loss, "W=", weight, "b=", bias)
    prediction = sess.run(z, {inputdict["x"]: 0.2})
    print("x=0.2, z=", prediction)

ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")
ex.figure(smoothed_loss(ex.history["cost"]), "loss")

# %% Results: those of example 1
ex.report("cost", loss)
ex.report("W", weight[0])
ex.report("b", bias[0])
ex.report("z(0.2)", prediction[0])
ex.finish()
