"""Example 77 · Extract 2-D features and rebuild from them (提取图片的二维特征，并利用二维特征还原图片)

Book:      intro 10.3.3, listing 10-2
Data:      MNIST, 55,000 training / 5,000 validation / 10,000 test pictures of 28×28; labels only for the colours
Model:     784 → 256 → 64 → 16 → 2 → 16 → 64 → 256 → 784, sigmoids but for the linear code
Shows:     784 pixels in two numbers: the map of all test pictures, coloured by digit, as a figure and in TensorBoard's
           projector (a checkpoint of the codes, a line and a small picture for each point), and how well the digits lie
           apart on it. Both starts of example 76 on the same batches: the test error is 0.037, from the book's 0.062;
           the mean picture has 0.067, two principal components 0.056. Save, restore, pictures in TensorBoard
Departs:   the default start is scaled, as in example 76. The book calls this a linear decoder: what is linear is the
           last layer of the encoder, the code; the decoder ends in a sigmoid
Time:      3.7 min on 2 CPU cores, beside other work
"""

import matplotlib.pyplot as plt
import numpy as np
from _baselines import baselines, linear_error
from models import autoencoder, picture_strip
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier
from tensorboard.plugins import projector

from utils import figures
from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    epochs=20,
    steps=214,
    batch_size=256,
    learning_rate=0.01,
    display_step=1,
    start=Choice("glorot", "book"),
    quick={"epochs": 3, "steps": 150, "batch_size": 64},
    book={"start": "book"},
)

# The cost of the last batch of each epoch as the book prints it.
BOOK = """
    0.106694221 0.096146211 0.089687020 0.085342437 0.076942392 0.077152036 0.074504733 0.071438089 0.070937753
    0.067885153 0.068935215 0.067724347 0.065405361 0.069433592 0.068582796 0.067146875 0.065363437 0.066899218
    0.065677144 0.064701408"""
BOOK = {epoch: float(cost) for epoch, cost in enumerate(BOOK.split(), start=1)}
n_input, widths = 784, [256, 64, 16, 2]
examples_to_show = 10

# %% The data, and what two numbers must beat
digits = mnist.load(ex.data, one_hot=False)  # the labels as numbers, to colour by
base = baselines(digits)
linear = linear_error(digits, widths[-1])
print(f"test error of the mean training picture {base.mean:.4f}, of two principal components {linear:.4f}")

# %% The graph (listing 10-2), from both starts; the one of --start first
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_input], name="x")
    y = x
    networks = {
        start: autoencoder(x, widths, start, code_activation=tf.identity)
        for start in (ex.start, "book" if ex.start == "glorot" else "glorot")
    }
    costs = {name: tf.reduce_mean(tf.pow(y - net.pred, 2)) for name, net in networks.items()}
    optimizers = [tf.train.AdamOptimizer(ex.learning_rate).minimize(cost) for cost in costs.values()]
    codes = {name: net.code for name, net in networks.items()}
    preds = {name: net.pred for name, net in networks.items()}
    strip = tf.summary.image("original_over_rebuilt", picture_strip(x, *preds.values()))

saver = tf.train.Saver(save_relative_paths=True)
model_path = ex.checkpoint("autoencoder.ckpt")
validation = {x: digits.validation.images[:1000]}
test, first_ten = {x: digits.test.images}, {x: digits.test.images[:examples_to_show]}

# %% Training: both networks see the same batches
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([costs, optimizers], [x])
    for epoch in ex.resumable(range(1, ex.epochs + 1), sess, saver):
        for _ in range(ex.steps):
            cost, _ = train(digits.train.next_batch(ex.batch_size)[0])
        error, pictures = sess.run(costs, validation), sess.run(strip, first_ten)
        ex.writer.add_summary(pictures, epoch)
        ex.record(epoch, **{f"cost/{name}": value for name, value in cost.items()})
        ex.record(epoch, **{f"validation_error/{name}": value for name, value in error.items()})
        if (epoch - 1) % ex.display_step == 0:
            beside = ex.beside(f"{BOOK[epoch]:.9f}") if epoch in BOOK else ""
            others = "".join(f"   {name}: {cost[name]:.9f}" for name in list(costs)[1:])
            ex.log(f"Epoch: {epoch:04d} cost= {cost[ex.start]:.9f}{beside}{others}")
    print("Finished!")
    test_error = sess.run(costs, test)
    print("Model saved in file:", saver.save(sess, model_path))

# %% Restore in a second session; the codes of all test pictures, and of others to compare them with
with ex.session() as sess:
    saver.restore(sess, model_path)
    restored_error, test_codes = sess.run([costs, codes], test)
    other_codes = sess.run(codes, {x: digits.validation.images})
    rebuilt = sess.run(preds, first_ten)
rows = {"original": digits.test.images[:examples_to_show]}
rows |= {f"start {name},\n{restored_error[name]:.4f}": pictures for name, pictures in rebuilt.items()}
rows |= {f"mean picture,\n{base.mean:.4f}": [base.mean_picture] * examples_to_show}
ex.figure(figures.image_rows(rows), "rebuilt")

figure, axes = plt.subplots(1, len(codes), figsize=(6.2 * len(codes), 5.6), layout="constrained")
for axis, (name, code) in zip(axes, test_codes.items(), strict=True):
    points = axis.scatter(*code.T, c=digits.test.cls, cmap="tab10", vmin=-0.5, vmax=9.5, s=4)
    axis.set(xlabel="code 0", ylabel="code 1", title=f"the 10,000 test pictures, start: {name}")
figure.colorbar(points, ax=axes, ticks=range(10), label="digit")
ex.figure(figure, "codes")

lines = {name: ex.history[f"cost/{name}"] for name in networks}
lines |= {"the book": list(BOOK.items())} if ex.comparable else {}
figure = figures.curves(lines, xlabel="epoch", ylabel="cost of the last batch")
for name, error in (("mean picture", base.mean), ("two principal components", linear)):
    figure.axes[0].axhline(error, linestyle="--", color="gray")
    figure.axes[0].annotate(name, (ex.epochs, error), ha="right", va="bottom", fontsize=8)
ex.figure(figure, "cost")

# How well the classes lie apart: the share of test digits that their 15 neighbours of 5,000 other codes name.
told = {
    name: KNeighborsClassifier(15).fit(other_codes[name], digits.validation.cls).score(code, digits.test.cls)
    for name, code in test_codes.items()
}

# %% The same maps in TensorBoard's projector: a checkpoint of the codes, a line and a small picture for each point
# The projector takes three principal components of whatever it is given: codes of two numbers get a third, 0.
with tf.Graph().as_default(), ex.session() as sess:
    tables = [tf.Variable(np.pad(code, ((0, 0), (0, 1))), name=f"codes_{name}") for name, code in test_codes.items()]
    sess.run(tf.global_variables_initializer())
    tf.train.Saver(save_relative_paths=True).save(sess, str(ex.logs / "codes.ckpt"), write_meta_graph=False)
about = [f"{number}\t{digit}\n" for number, digit in enumerate(digits.test.cls)]
(ex.logs / "metadata.tsv").write_text("picture\tdigit\n" + "".join(about), encoding="utf-8")
sheet = (1 - digits.test.images).reshape(100, 100, 28, 28).transpose(0, 2, 1, 3).reshape(2800, 2800)
Image.fromarray((255 * sheet).astype(np.uint8)).save(ex.logs / "sprite.png", compress_level=1)
config = projector.ProjectorConfig()
for table in tables:
    embedding = config.embeddings.add()
    embedding.tensor_name = table.name
    embedding.metadata_path = "metadata.tsv"
    embedding.sprite.image_path = "sprite.png"
    embedding.sprite.single_image_dim.extend([28, 28])
projector.visualize_embeddings(ex.writer, config)
print(f"`python run.py board 77` shows the codes in the tab Projector, for {len(digits.test.cls):,} pictures")

# %% Results
# The book's start over seven draws: 0.081 to 0.109 in epoch 1, 0.070 to 0.096 in epoch 2; over two, 0.046 and 0.061 in
# epoch 20. The tolerances are those ranges.
costs_of_book = dict(ex.history["cost/book"])
for epoch, book in BOOK.items():
    if epoch in costs_of_book:
        name, measured = f"cost, epoch {epoch}, book's start", costs_of_book[epoch]
        ex.report(name, measured, book=book, better="lower", tolerance=0.026 if epoch < 3 else 0.015)
for name in networks:
    ex.report(f"test error, {name}", test_error[name])
    ex.report(f"test error, {name}, restored", restored_error[name])
    ex.report(f"digits told by their neighbours, {name}", told[name])
ex.report("test error, black picture", base.black)
ex.report("test error, mean picture", base.mean)
ex.report("test error, 2 principal components", linear)
ex.finish()
