"""Example 83 · Label-guided VAE (使用标签指导变分自编码网络生成MNIST数据)

Book:      intro 10.10.1–10.10.2, listing 10-9
Data:      MNIST, 55,000 training / 10,000 test pictures of 28×28, one-hot labels
Model:     784 → 256 and label → 256, together → mean and log variance of 2 numbers; 2 and label → 256 → 784
Shows:     the label told to the encoder and to the decoder: z need not say which digit it is, and a random z with a
           label makes that digit. A classifier trained apart says how often. The sheet by label has the same ten z in
           each row: what they still say is the handwriting
Departs:   as example 82: both terms per picture, Glorot's start, --book for the listing's. The judge is not in the
           book, nor is a figure. A plain VAE can make any digit, which the book denies, but not choose which
Time:      5.6 min on 2 CPU cores beside other work
"""

import numpy as np
from _baselines import baselines
from _variational import cost_terms, draw_z, first_values, plane
from models import picture_strip

from utils import figures
from utils.data import mnist
from utils.digit_judge import DigitJudge
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    weighting=Choice("per-picture", "book"),
    start=Choice("glorot", "book"),
    epochs=50,
    batch_size=128,
    learning_rate=0.001,
    display_step=3,
    judge_epochs=3,
    quick={"epochs": 1, "learning_rate": 0.003, "judge_epochs": 1},
    book={"weighting": "book", "start": "book"},
)
n_input, n_labels, n_hidden_1, n_hidden_2 = 784, 10, 256, 2
PER_DIGIT = 500  # digits made of each label, for the judge

# %% The data
digits = mnist.load(ex.data, one_hot=True)
test, test_labels = digits.test.images, digits.test.labels
base = baselines(digits)
print("the first ten test labels:", *digits.test.cls[:10])


# %% The graph: listing 10-8 with the label in the encoder and in the decoder
def weight(*shape):
    return tf.Variable(first_values(list(shape), ex.start))


def bias(size):
    return tf.Variable(tf.zeros([size]))


with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, n_input], name="x")
    y = tf.placeholder(tf.float32, [None, n_labels], name="y")
    zinput = tf.placeholder(tf.float32, [None, n_hidden_2], name="zinput")
    step = tf.train.create_global_step()
    weights = {
        "w1": weight(n_input, n_hidden_1),
        "b1": bias(n_hidden_1),
        "wlab1": weight(n_labels, n_hidden_1),
        "blab1": bias(n_hidden_1),
        "mean_w1": weight(2 * n_hidden_1, n_hidden_2),
        "mean_b1": bias(n_hidden_2),
        "log_sigma_w1": weight(2 * n_hidden_1, n_hidden_2),
        "log_sigma_b1": bias(n_hidden_2),
        "w2": weight(n_hidden_2 + n_labels, n_hidden_1),
        "b2": bias(n_hidden_1),
        "w3": weight(n_hidden_1, n_input),
        "b3": bias(n_input),
    }

    h1 = tf.nn.relu(tf.add(tf.matmul(x, weights["w1"]), weights["b1"]))
    hlab1 = tf.nn.relu(tf.add(tf.matmul(y, weights["wlab1"]), weights["blab1"]))
    hall1 = tf.concat([h1, hlab1], 1)
    z_mean = tf.add(tf.matmul(hall1, weights["mean_w1"]), weights["mean_b1"])
    z_log_sigma_sq = tf.add(tf.matmul(hall1, weights["log_sigma_w1"]), weights["log_sigma_b1"])
    z = draw_z(z_mean, z_log_sigma_sq, ex.seed, step)

    def decoder(code):
        zall = tf.concat([code, y], 1)  # the label itself, not hlab1: z need not tell which digit it is
        h2 = tf.nn.relu(tf.matmul(zall, weights["w2"]) + weights["b2"])
        return tf.matmul(h2, weights["w3"]) + weights["b3"]

    reconstruction = decoder(z)
    reconstructionout = decoder(zinput)

    half_squares, kl = cost_terms(x, reconstruction, z_mean, z_log_sigma_sq)
    if ex.weighting == "book":  # the error summed over the batch, the KL term averaged: it counts 1 / batch of its due
        cost = tf.reduce_mean(tf.reduce_sum(half_squares) + kl)
    else:
        cost = tf.reduce_mean(half_squares + kl)
    optimizer = tf.train.AdamOptimizer(ex.learning_rate).minimize(cost, step)
    error, divergence = tf.reduce_mean(half_squares), tf.reduce_mean(kl)

# %% What to generate: ten z, each with each label, and many more for the judge; from a random generator of its own
own_random = np.random.default_rng(ex.seed)
ten_z = own_random.standard_normal((10, n_hidden_2)).astype(np.float32)
every_label = np.eye(10, dtype=np.float32)
by_label = {zinput: np.tile(ten_z, (10, 1)), y: np.repeat(every_label, 10, axis=0)}  # a row for each label
asked = np.repeat(np.arange(10), PER_DIGIT)
for_the_judge = {
    zinput: own_random.standard_normal((len(asked), n_hidden_2)).astype(np.float32),
    y: every_label[asked],
}
rows = tf.split(tf.clip_by_value(reconstructionout, 0, 1), 10)
summary = tf.summary.merge([tf.summary.image("digits_by_label", picture_strip(*rows))])

# %% Training
saver = tf.train.Saver(save_relative_paths=True)
total_batch = digits.train.num_examples // ex.batch_size
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer, cost], [x, y])
    for epoch in ex.resumable(range(1, ex.epochs + 1), sess, saver):
        if epoch == 1:
            test_error, test_kl = sess.run([error, divergence], {x: test, y: test_labels})
            ex.record(0, test_error=test_error, test_kl=test_kl)
        costs = [train(*digits.train.next_batch(ex.batch_size))[1] for _ in range(total_batch)]
        test_error, test_kl = sess.run([error, divergence], {x: test, y: test_labels})
        ex.record(epoch, cost=costs[-1], mean_cost=np.mean(costs), test_error=test_error, test_kl=test_kl)
        ex.writer.add_summary(sess.run(summary, by_label), epoch)
        if (epoch - 1) % ex.display_step == 0:
            ex.log(f"Epoch: {epoch:04d} cost= {costs[-1]:.9f}; test error {test_error:.3f}, KL {test_kl:.3f}")
    print("done!")
    result = sess.run(cost, {x: test, y: test_labels})
    print("Result:", result)
    model_path = saver.save(sess, ex.checkpoint("cvae.ckpt"))

# %% Restored in another session: reconstructions, and digits made from random z and the label asked for
first = {x: test[:10], y: test_labels[:10]}
with ex.session() as sess:
    saver.restore(sess, model_path)
    restored, test_error, test_kl, means, drawn = sess.run(
        [cost, error, divergence, z_mean, z], {x: test, y: test_labels}
    )
    rebuilt = sess.run(reconstruction, first)
    same_labels = sess.run(reconstructionout, {zinput: ten_z, y: test_labels[:10]})
    sheet_by_label = sess.run(reconstructionout, by_label)
    generated = sess.run(reconstructionout, for_the_judge)


def half_error(pictures):
    """Return half the squared error of pictures [10, 784] taken for the first ten test pictures, per picture."""
    return 0.5 * np.square(pictures - test[:10]).sum(axis=1).mean()


captions = [str(digit) for digit in digits.test.cls[:10]]
ex.figure(figures.image_rows({"original": test[:10], "rebuilt": rebuilt}, captions), "figure_10_22")
ex.figure(figures.image_rows({"original": test[:10], "random z,\nits label": same_labels}, captions), "figure_10_23")
names = {f"label {digit}": sheet_by_label[10 * digit :][:10] for digit in range(10)}
ex.figure(figures.image_rows(names, [f"z {number}" for number in range(10)], size=0.7), "digits_by_label")
ex.figure(plane(means, digits.test.cls, "means of the test pictures' codes"), "codes")
lines = {"test error": ex.history["test_error"], "KL": ex.history["test_kl"]}
lines["mean picture"] = [[0, base.mean_half_squares], [ex.epochs, base.mean_half_squares]]
ex.figure(figures.curves(lines, xlabel="epoch", ylabel="per test picture"), "terms")

# %% The judge: a classifier that was trained apart says which digit it sees
judge = DigitJudge(ex, digits, ex.judge_epochs)
seen = judge.classes(np.clip(generated, 0, 1))
judge.close()
right = seen == asked
shares = right.reshape(10, -1).mean(axis=1)
print(f"{right.mean():.2%} of {len(asked)} generated digits are the one asked for, to a judge that is right on")
print(f"{judge.accuracy:.2%} of the test pictures; chance is 10%. By label:", *(f"{share:.0%}" for share in shares))
figure = figures.confusion_matrix(asked, seen)
figure.axes[0].set(xlabel="seen by the judge", ylabel="asked for")
ex.figure(figure, "asked_and_seen")

# %% Results
print(f"test error {test_error:.3f} (mean picture {base.mean_half_squares:.2f}), KL {test_kl:.3f} per picture")
ex.report("first ten test labels", digits.test.cls[:10])
ex.report("Result", result)
ex.report("Result, restored", restored)
ex.report("half the squared error per test picture", test_error)
ex.report("the same of the mean picture", base.mean_half_squares)
ex.report("KL per test picture", test_kl)
ex.report("generated digits that are the one asked for", right.mean())
ex.report("the same by label", shares)
ex.report("chance", 0.1)
ex.report("the judge's accuracy on the test pictures", judge.accuracy)
ex.report("half the squared error, first ten, rebuilt", half_error(rebuilt))
ex.report("half the squared error, first ten, random z and their labels", half_error(same_labels))
ex.report("standard deviation of the codes drawn", drawn.std(axis=0))
ex.finish()
