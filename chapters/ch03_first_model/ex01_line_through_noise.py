"""Example 1 · Find y≈2x in seemingly messy data (从一组看似混乱的数据中找出 y≈2x 的规律)

Book:      intro 3.1–3.3, listing 3-1
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, one linear neuron
Shows:     the eight steps of every TensorFlow program, numbered as in section 3.3; the losses and the line;
           then what goes wrong when a variable is made after the initialiser (3.3)
Departs:   this is linear regression (the book says logistic); every epoch is recorded, so that the smoothing of the
           loss smooths (the book has ten values and a window of ten); the axis of the loss is the epoch, not the
           minibatch; a cost that is not finite stops the run (the book's test for "NA" is never true)
Time:      7 s on 2 CPU cores
"""

import numpy as np
from models import smoothed_loss

from utils import figures
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, display_step=2)

# The book's lines: epoch, cost, W, b.
BOOK = """
     1 0.714926  0.71911603 0.40933588
     3 0.114213  1.63318455 0.17000227
     5 0.0661118 1.88165665 0.0765276
     7 0.0633376 1.94610846 0.05182607
     9 0.0632785 1.96277654 0.0454303
    11 0.0633072 1.96708632 0.04377643
    13 0.0633176 1.96820116 0.04334867
    15 0.0633205 1.96848941 0.04323809
    17 0.0633212 1.9685632  0.04320973
    19 0.0633214 1.96858287 0.04320224"""
BOOK = {int(epoch): rest for epoch, *rest in np.array(BOOK.split(), float).reshape(-1, 4)}

# %% The data
train_X = np.linspace(-1, 1, 100)
train_Y = 2 * train_X + np.random.randn(*train_X.shape) * 0.3  # y = 2x with noise
ex.figure(figures.points_and_line(train_X, train_Y), "data")

# %% The graph
with tf.device(ex.device):
    # Step 1: the input nodes
    X = tf.placeholder(tf.float32)
    Y = tf.placeholder(tf.float32)

    # Step 2: the learning parameters
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.zeros([1]), name="bias")

    # Step 3: the operations, forward model and loss
    z = tf.multiply(X, W) + b
    cost = tf.reduce_mean(tf.square(Y - z))

    # Step 4: the optimiser
    optimizer = tf.train.GradientDescentOptimizer(ex.learning_rate).minimize(cost)

    # Step 5: initialise the variables
    init = tf.global_variables_initializer()

# %% The session
everything = {X: train_X, Y: train_Y}
with ex.session() as sess:
    sess.run(init)

    # Step 6: iterate, one point at a time
    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        for x, y in zip(train_X, train_Y, strict=True):
            sess.run(optimizer, {X: x, Y: y})

        loss, weight, bias = sess.run([cost, W, b], everything)
        ex.record(epoch + 1, cost=loss, W=weight[0])
        if epoch % ex.display_step == 0:
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
            if ex.comparable and epoch + 1 in BOOK:
                ex.log("   the book: {:.7f}     {:.8f}     {:.8f}".format(*BOOK[epoch + 1]))
    print(" Finished!")

    # Step 7: test
    loss, weight, bias = sess.run([cost, W, b], everything)
    print("cost=", loss, "W=", weight, "b=", bias, ex.beside("0.0633215, 1.96858633, 0.04320095"))
    same = cost.eval(everything) == sess.run(cost, everything)  # inside `with` the session is the default one
    print("cost.eval(feed) == sess.run(cost, feed):", same)

    # Step 8: use
    prediction = sess.run(z, {X: 0.2})
    print("x=0.2, z=", prediction)
    print(f"(the book prints 0.4324449; its own W and b give {0.2 * 1.96858633 + 0.04320095:.8f})")

ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")
ex.figure(smoothed_loss(ex.history["cost"]), "loss")

# %% The order matters (3.3): step 5 comes after step 2
late = tf.Variable(1.0, name="late")
with ex.session() as sess:
    sess.run(init)
    try:
        sess.run(late)
    except tf.errors.FailedPreconditionError as error:
        print(error.message)
        late_error = type(error).__name__

# %% Results
# The figures hang on the draw of the noise. Over 2,000 draws the cost is 0.0885 ± 0.0126, W 2.000 ± 0.056,
# b 0.000 ± 0.030 and z 0.4005 ± 0.032; the tolerances are three times these spreads.
ex.report("cost", loss, book=0.0633215, tolerance=0.038)
ex.report("W", weight[0], book=1.96858633, tolerance=0.17)
ex.report("b", bias[0], book=0.04320095, tolerance=0.09)
ex.report("z(0.2)", prediction[0], book=0.4324449, tolerance=0.096)
# How fast W settles hangs on x and the learning rate alone.
w = {int(epoch): value for epoch, value in ex.history["W"]}
if {5, 7} <= w.keys():
    measured, book = (w[7] - weight[0]) / (w[5] - weight[0]), (BOOK[7][1] - 1.96858633) / (BOOK[5][1] - 1.96858633)
    ex.report("W's distance from its end, epoch 7 ÷ epoch 5", measured, book=book, tolerance=0.001)
ex.report("cost.eval equals sess.run", bool(same))
ex.report("a variable made after the initialiser", late_error)
ex.finish()
