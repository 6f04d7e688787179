"""Example 9 · Save and restore the linear regression (保存/载入线性回归模型)

Book:      intro 4.1.9–4.1.10, listing 4-4
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     a Saver after the training, and a second session that restores the model and predicts the same;
           --restore-only leaves the training out and takes the model of the run before; restoring overwrites what
           the initialiser set, and a path without a model is a ValueError (4.1.9)
Time:      6 s on 2 CPU cores
"""

from models import linear_regression

from utils import figures
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, display_step=2, restore_only=False)

# %% The data
train_X, train_Y = noisy_line()
ex.figure(figures.points_and_line(train_X, train_Y), "data")

# %% The graph, in a new default graph
tf.reset_default_graph()
ex.seed_everything()
with tf.device(ex.device):
    model = linear_regression(ex.learning_rate)

saver = tf.train.Saver(save_relative_paths=True)  # after the variables: it saves those that are there now
model_path = ex.checkpoint_of("9", "linermodel.cpkt") if ex.restore_only else ex.checkpoint("linermodel.cpkt")

# %% Train and save
if not ex.restore_only:
    with ex.session() as sess:
        sess.run(tf.global_variables_initializer())
        for epoch in ex.progress(range(ex.epochs), unit="epoch"):
            for x, y in zip(train_X, train_Y, strict=True):
                sess.run(model.optimizer, {model.X: x, model.Y: y})

            loss, weight, bias = sess.run([model.cost, model.W, model.b], {model.X: train_X, model.Y: train_Y})
            ex.record(epoch + 1, cost=loss)
            if epoch % ex.display_step == 0:
                ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
        print(" Finished!")

        print("saved in", saver.save(sess, model_path))
        print("cost=", loss, "W=", weight, "b=", bias)
        before = sess.run(model.z, {model.X: 0.2})
        print("x=0.2, z=", before)

    print("files:", *sorted(file.name for file in ex.checkpoints.iterdir() if file.suffix != ".json"))
    ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")
    ex.figure(figures.curves({"cost": ex.history["cost"]}, xlabel="epoch", ylabel="Loss"), "loss")
    ex.report("cost", loss)
    ex.report("z(0.2) before saving", before[0])

# %% A second session: restore and predict
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())  # may be left out: restoring overwrites it
    print("x=0.2, z=", sess.run(model.z, {model.X: 0.2}), "from the initial values")
    saver.restore(sess, model_path)
    restored, weight, bias = sess.run([model.z, model.W, model.b], {model.X: 0.2})
    print("x=0.2, z=", restored, "restored", ex.beside("0.42615247"))

with ex.session() as sess:
    saver.restore(sess, model_path)
    without_initialiser = sess.run(model.z, {model.X: 0.2})
    print("x=0.2, z=", without_initialiser, "restored without the initialiser")

# %% A path without a model (4.1.9)
with ex.session() as sess:
    try:
        saver.restore(sess, "no_such_folder/no_such_model")
    except ValueError as error:
        missing = f"{type(error).__name__}: {error}"
    print(missing)

# %% Results
# One draw of the noise against the book's; three times the spread over 2,000 draws (W 0.056, b 0.030, z 0.032).
ex.report("W", weight[0], book=2.03479218, tolerance=0.17)
ex.report("b", bias[0], book=0.01919404, tolerance=0.09)
ex.report("z(0.2), restored", restored[0], book=0.42615247, tolerance=0.096)
ex.report("z(0.2), restored without the initialiser", without_initialiser[0])
ex.report("restoring what is not there", missing)
ex.finish()
