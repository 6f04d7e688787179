"""Example 13 · TensorBoard for the linear regression (线性回归的 TensorBoard 可视化)

Book:      intro 4.1.16–4.1.17 (table 4-3), listing 4-8
Data:      100 points near y = 2x, drawn in the script
Model:     z = W·x + b, as example 1
Shows:     summaries of a training: the histogram z, the scalar loss_function and the graph, written, read back and
           drawn with TensorBoard's smoothing; then pictures, sound and the other methods of the FileWriter (table 4-3)
Departs:   the summaries are fed with all 100 points: the book feeds the one left over from the inner loop (x = 1), so
           that its loss_function is the error of that point and its z a histogram of one value; the writer is closed
Time:      7 s on 2 CPU cores
"""

import numpy as np
from models import linear_regression

from utils import figures
from utils.data.line import noisy_line
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, epochs=20, learning_rate=0.01, display_step=2)

# %% The data
train_X, train_Y = noisy_line()

# %% The graph, with summaries
tf.reset_default_graph()
ex.seed_everything()
with tf.device(ex.device):
    model = linear_regression(ex.learning_rate)
tf.summary.histogram("z", model.z)
tf.summary.scalar("loss_function", model.cost)

# %% Training
everything = {model.X: train_X, model.Y: train_Y}
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    merged_summary_op = tf.summary.merge_all()
    summary_writer = tf.summary.FileWriter(str(ex.logs), sess.graph)

    for epoch in ex.progress(range(ex.epochs), unit="epoch"):
        for x, y in zip(train_X, train_Y, strict=True):
            sess.run(model.optimizer, {model.X: x, model.Y: y})

        summary_str, loss, weight, bias = sess.run([merged_summary_op, model.cost, model.W, model.b], everything)
        summary_writer.add_summary(summary_str, epoch)
        if epoch % ex.display_step == 0:
            ex.log(f"Epoch: {epoch + 1} cost= {loss:.7f} W= {weight} b= {bias}")
    print(" Finished!")

    print("cost=", loss, "W=", weight, "b=", bias)
    prediction = sess.run(model.z, {model.X: 0.2})
    print("x=0.2, z=", prediction)
    loss_of_last_point = sess.run(model.cost, {model.X: x, model.Y: y})
    print(f"as the book feeds it: loss_function {loss_of_last_point:.7f}, the error of the point x = {x}")

summary_writer.close()

# %% The other summaries, and the other methods of the writer (table 4-3), in a log of their own
tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype(np.float32).reshape(1, 8000, 1)
shades = np.random.uniform(size=[5, 16, 16, 1]).astype(np.float32)
table_writer = tf.summary.FileWriter(str(ex.logs / "table_4_3"))
with tf.Graph().as_default() as graph, ex.session(graph) as sess:
    pictures = tf.summary.image("pictures", shades)  # 5 are given, max_outputs is 3 unless told
    sound = tf.summary.audio("tone_440_hz", tone, sample_rate=8000)
    chosen = tf.summary.merge([pictures, sound])  # these two only; merge_all takes what the graph has
    table_writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 0)
    table_writer.add_summary(sess.run(chosen), 0)
    table_writer.add_graph(graph)
by_hand = tf.Summary(value=[tf.Summary.Value(tag="by_hand", simple_value=0.5)])
table_writer.add_event(tf.Event(step=0, summary=by_hand))
table_writer.close()


# %% Read it back
def read_log(folder):
    """Return what the log in `folder` holds: tag → [(step, value), …], and the number of its graphs."""
    tags, graphs = {}, 0
    for path in sorted(folder.glob("events.*")):
        for event in tf.train.summary_iterator(str(path)):
            graphs += event.HasField("graph_def")
            for value in event.summary.value:
                tags.setdefault(value.tag, []).append((event.step, value.simple_value))
    print(f"{folder.name}: {graphs} graph;", ", ".join(f"{tag} × {len(found)}" for tag, found in tags.items()))
    return tags, graphs


logged, graphs = read_log(ex.logs)
table, _ = read_log(ex.logs / "table_4_3")
losses = logged["loss_function"]
print(f"look at it: tensorboard --logdir {ex.logs}, then http://127.0.0.1:6006")

smooth = [losses[0]]  # the slider of TensorBoard at its usual 0.6
for step, value in losses[1:]:
    smooth.append((step, 0.6 * smooth[-1][1] + 0.4 * value))
figure = figures.curves({"loss_function": losses, "smoothed by 0.6": smooth}, xlabel="step", ylabel="loss_function")
ex.figure(figure, "loss_curve")

# %% Results
ex.report("cost", loss)
ex.report("W", weight[0])
ex.report("b", bias[0])
ex.report("z(0.2)", prediction[0])
ex.report("loss_function fed as the book feeds it", loss_of_last_point)
ex.report("steps of z", [step for step, _ in logged["z"]])
ex.report("steps of loss_function", [step for step, _ in losses])
ex.report("graphs in the log", graphs)
ex.report("pictures of 5 that were kept", sum(tag.startswith("pictures/") for tag in table))
ex.finish()
