"""Example 11 · Adding checkpoints during training (为模型添加保存检查点)

Book:      intro 4.1.12–4.1.13 and 4.1.15 (table 4-2), listing 4-6
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     a checkpoint every second epoch, of which the newest --max-to-keep stay; three ways to name the one to
           restore; --resume goes on after the last saved epoch and ends at the same line; the Saver's own functions
Departs:   resumes, where the book only predicts from what was saved; the epoch to load is the last one saved, not a
           number in the script. As in the book epoch 19 is trained, but not saved
Time:      6 s on 2 CPU cores
"""

from models import linear_regression

from utils import figures
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, display_step=2, max_to_keep=1)

# %% The data
train_X, train_Y = noisy_line()
ex.figure(figures.points_and_line(train_X, train_Y), "data")

# %% The graph, in a new default graph
tf.reset_default_graph()
ex.seed_everything()
with tf.device(ex.device):
    model = linear_regression(ex.learning_rate)

saver = tf.train.Saver(max_to_keep=ex.max_to_keep, save_relative_paths=True)
folder = str(ex.checkpoints)
everything = {model.X: train_X, model.Y: train_Y}

# %% Train, and save every second epoch
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    load_epoch = -1  # the last epoch that was saved
    latest = tf.train.latest_checkpoint(folder)  # None where nothing was saved: without --resume the folder is empty
    if latest:
        saver.restore(sess, latest)
        saver.recover_last_checkpoints(tf.train.get_checkpoint_state(folder).all_model_checkpoint_paths)
        load_epoch = int(latest.rpartition("-")[2])
        print(f"resumed after epoch {load_epoch}")

    ex.record(load_epoch + 1, cost=sess.run(model.cost, everything))
    for epoch in ex.progress(range(load_epoch + 1, ex.epochs), unit="epoch"):
        for x, y in zip(train_X, train_Y, strict=True):
            sess.run(model.optimizer, {model.X: x, model.Y: y})

        loss, weight, bias = sess.run([model.cost, model.W, model.b], everything)
        ex.record(epoch + 1, cost=loss)
        if epoch % ex.display_step == 0:
            saver.save(sess, ex.checkpoint("linermodel.cpkt"), global_step=epoch)
            load_epoch = epoch
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
    print(" Finished!")

    loss, weight, bias = sess.run([model.cost, model.W, model.b], everything)
    print("cost=", loss, "W=", weight, "b=", bias)

kept = sorted(file.name for file in ex.checkpoints.glob("linermodel.cpkt-*"))
print("kept:", *kept)
ex.figure(figures.points_and_line(train_X, train_Y, weight, bias), "fit")
ex.figure(figures.curves({"cost": ex.history["cost"]}, xlabel="epochs done", ylabel="Loss"), "loss")

# %% A second session: three ways to name the checkpoint
by_number = ex.checkpoint(f"linermodel.cpkt-{load_epoch}")
by_latest = tf.train.latest_checkpoint(folder)
by_state = tf.train.get_checkpoint_state(folder).model_checkpoint_path
with ex.session() as sess:
    predictions = []
    for path in (by_number, by_latest, by_state):
        sess.run(tf.global_variables_initializer())
        saver.restore(sess, path)
        predictions.append(sess.run(model.z, {model.X: 0.2})[0])
        print(path, "x=0.2, z=", predictions[-1])
print("in a folder that is not there:", tf.train.latest_checkpoint("no_such_folder"))

# %% The functions of a Saver (table 4-2)
demo = ex.checkpoints / "saver_functions"
demo.mkdir(exist_ok=True)


def save_steps(demo_saver, steps):
    """Save once per step and return the steps that the Saver then knows of."""
    for step in steps:
        demo_saver.save(sess, str(demo / "model"), step, latest_filename="newest", write_meta_graph=False)
    return [int(path.rpartition("-")[2]) for path in demo_saver.last_checkpoints]  # a property, not a method


with ex.session() as sess:
    saver.restore(sess, by_latest)
    first = tf.train.Saver(save_relative_paths=True)  # max_to_keep is 5 unless told
    kept_of_six = save_steps(first, range(6))
    print("last_checkpoints after 6 saves:", kept_of_six)

    # A new Saver drops an earlier one's files only if it is told of them (set_last_checkpoints is deprecated).
    second = tf.train.Saver(save_relative_paths=True)
    times = tf.train.get_checkpoint_mtimes(first.last_checkpoints)
    second.set_last_checkpoints_with_time(list(zip(first.last_checkpoints, times, strict=True)))
    kept_when_told = save_steps(second, [6])
    print("a second Saver, told of them, after one more:", kept_when_told)
    kept_untold = save_steps(tf.train.Saver(save_relative_paths=True), [7])
    print("a third one, not told:", kept_untold)
on_disk = sorted(int(file.stem.rpartition("-")[2]) for file in demo.glob("*.index"))
print("on the disk:", on_disk)

# %% Results
ex.report("cost", loss)
ex.report("W", weight[0])
ex.report("b", bias[0])
ex.report("z(0.2), restored", predictions[0])
ex.report("the three ways agree", by_number == by_latest == by_state and len(set(predictions)) == 1)
ex.report("last saved epoch", load_epoch, book=18)
ex.report("index files kept", [name for name in kept if name.endswith(".index")], book=["linermodel.cpkt-18.index"])
ex.report("kept of 6 saves", kept_of_six)
ex.report("kept by a Saver that was told", kept_when_told)
ex.report("kept by a Saver that was not told", kept_untold)
ex.report("on the disk at the end", on_disk)
ex.finish()
