"""Section 12.9 · TFGAN (GAN 网络的高级接口 TFGAN)

Book:      intro 12.9; the losses are those of 12.3 and 12.5
Data:      MNIST, 55,000 training pictures of 28×28 (no labels); the 10,000 test pictures to measure against
Model:     generator 43 → 128 → 256 → 784, discriminator 784 → 256 → 128 → 1 and the guesses of two codes
Shows:     the five steps of TFGAN: inputs, GANModel, GANLoss, GANTrainOps, run. The three losses that the section
           names (Wasserstein, gradient penalty, mutual information) first alone, on numbers that one can check by
           hand, then together in an InfoGAN: without a label, its first code comes to say much about the digit.
           --mutual-information 0 leaves that loss out; --losses modified is the GAN of Goodfellow et al.
Departs:   tf.contrib.gan and tf.estimator are gone, and the package tensorflow-gan needs the latter. chapters/ch12_gan/
           _tfgan.py is a re-creation of the interface, with TFGAN's names and formulas and none of its code;
           GANEstimator is not in it. The section trains nothing: data, networks and measures are ours
Time:      6.4 min on 2 CPU cores (beside much other work)
"""

import _tfgan as tfgan
import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.data import mnist
from utils.digit_judge import DigitJudge, spread
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    rounds=6000,
    batch_size=100,
    noise_dim=32,
    discriminator_steps=1,
    learning_rate=0.001,
    losses=Choice("wasserstein", "modified"),
    gradient_penalty=10.0,
    mutual_information=1.0,
    judge_epochs=2,
    quick={"rounds": 300, "judge_epochs": 1},
)
PICTURES = 5000  # generated to be measured

digits = mnist.load(ex.data)


# %% The losses alone: a discriminator that is a sum of pixels, and codes that it guesses from numbers given here
def summing(pictures, _):
    return tf.reduce_sum(pictures, axis=1, keepdims=True)


ones, twos = tf.ones([4, 9]), 2 * tf.ones([4, 9])
real_outputs, gen_outputs = summing(twos, None), summing(ones, None)  # 18 and 9 for each picture
certain = tf.distributions.Categorical(logits=[[50.0, 0.0, 0.0, 0.0]] * 4)  # sure that the code is 0
even = tf.distributions.Categorical(logits=[[0.0, 0.0, 0.0, 0.0]] * 4)
ALONE = {
    "wasserstein_generator_loss: −9": tfgan.wasserstein_generator_loss(gen_outputs),
    "wasserstein_discriminator_loss: 9 − 18": tfgan.wasserstein_discriminator_loss(real_outputs, gen_outputs),
    "wasserstein_gradient_penalty, slope √9: (3 − 1)²": tfgan.wasserstein_gradient_penalty(
        twos, ones, None, summing, "alone"
    ),
    "mutual_information_penalty, no idea of 4 codes: ln 4": tfgan.mutual_information_penalty([[0] * 4], [even]),
    "mutual_information_penalty, sure and right: 0": tfgan.mutual_information_penalty([[0] * 4], [certain]),
    "mutual_information_penalty, sure and wrong: 50": tfgan.mutual_information_penalty([[1] * 4], [certain]),
}

# %% Step 1: the inputs. Noise, a code of ten values and one between −1 and 1, drawn by NumPy, and the real pictures
real_pictures = tf.placeholder(tf.float32, [None, 784], name="real_pictures")
noise = tf.placeholder(tf.float32, [None, ex.noise_dim], name="noise")
ten_codes = tf.placeholder(tf.int32, [None], name="ten_codes")
style = tf.placeholder(tf.float32, [None, 1], name="style")


def draw(count, random=np.random):
    return {
        noise: random.normal(size=(count, ex.noise_dim)),
        ten_codes: random.randint(10, size=count),
        style: random.uniform(-1, 1, (count, 1)),
    }


def inputs():
    pictures, _ = digits.train.next_batch(ex.batch_size)
    return {real_pictures: pictures, **draw(ex.batch_size)}


# %% Step 2: the two networks, and the model
def generator_fn(generator_inputs):
    """[noise, code, style] → pictures [n, 784] in (0, 1)."""
    unstructured, code, continuous = generator_inputs
    net = tf.concat([unstructured, tf.one_hot(code, 10), continuous], axis=1)
    net = tf.layers.dense(net, 128, tf.nn.relu)
    net = tf.layers.dense(net, 256, tf.nn.relu)
    return tf.layers.dense(net, 784, tf.nn.sigmoid)


def discriminator_fn(pictures, generator_inputs):
    """Pictures [n, 784] → how real they look [n, 1], and what the codes may have been."""
    net = tf.layers.dense(pictures, 256, tf.nn.leaky_relu)
    net = tf.layers.dense(net, 128, tf.nn.leaky_relu)
    guesses = [
        tf.distributions.Categorical(logits=tf.layers.dense(net, 10), name="which_of_ten"),
        tf.distributions.Normal(tf.layers.dense(net, 1), 1.0, name="which_style"),
    ]
    return tf.layers.dense(net, 1), guesses


with tf.device(ex.device):
    gan_model = tfgan.infogan_model(generator_fn, discriminator_fn, real_pictures, [noise], [ten_codes, style])

    # %% Step 3: the losses
    wasserstein = ex.losses == "wasserstein"
    rounds_done = tf.train.get_or_create_global_step()
    gan_loss = tfgan.gan_loss(
        gan_model,
        tfgan.wasserstein_generator_loss if wasserstein else tfgan.modified_generator_loss,
        tfgan.wasserstein_discriminator_loss if wasserstein else tfgan.modified_discriminator_loss,
        gradient_penalty_weight=ex.gradient_penalty if wasserstein else 0.0,
        mutual_information_penalty_weight=ex.mutual_information,
        seed=tf.stack([tf.cast(ex.seed, tf.int64), rounds_done]),
    )

    # %% Step 4: the training ops
    train_ops = tfgan.gan_train_ops(
        gan_model,
        gan_loss,
        generator_optimizer=tf.train.AdamOptimizer(ex.learning_rate, beta1=0.5),
        discriminator_optimizer=tf.train.AdamOptimizer(ex.learning_rate, beta1=0.5),
    )

parameters = {
    name: sum(v.shape.num_elements() for v in variables)
    for name, variables in (
        ("generator", gan_model.generator_variables),
        ("discriminator", gan_model.discriminator_variables),
    )
}
print("parameters:", ", ".join(f"{name} {count:,}" for name, count in parameters.items()))

# %% What to look at and to measure: pictures from the same noise each time, and a classifier that was trained apart
judge = DigitJudge(ex, digits, ex.judge_epochs)
test_inputs = draw(PICTURES, np.random.RandomState(ex.seed))
grid = {  # a row for each code, the style from −1 to 1 along it, the same noise everywhere
    noise: np.repeat(np.random.RandomState(ex.seed).normal(size=(1, ex.noise_dim)), 100, axis=0),
    ten_codes: np.repeat(np.arange(10), 10),
    style: np.tile(np.linspace(-1, 1, 10), 10)[:, None],
}
tiles = tf.transpose(tf.reshape(gan_model.generated_data, [-1, 10, 28, 28]), [0, 2, 1, 3])
sheet = tf.reshape(tiles, [1, -1, 280, 1])
samples = tf.summary.image("samples", sheet)
test_batch = {real_pictures: digits.test.images[: ex.batch_size], **draw(ex.batch_size, np.random.RandomState(0))}


def measure(sess):
    """Return the Fréchet distance, the spread over the digits, and how often each code gave each digit."""
    pictures = sess.run(gan_model.generated_data, test_inputs)
    classes, codes = judge.classes(pictures), test_inputs[ten_codes]
    table = np.zeros([10, 10], int)
    np.add.at(table, (codes, classes), 1)  # row: the code, column: what the judge takes the picture for
    return judge.distance(pictures), spread(classes)[1], table


# %% Step 5: the run
display = max(1, ex.rounds // 10)
saver = tf.train.Saver(save_relative_paths=True)
model_path = ex.checkpoint("tfgan.ckpt")
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    alone = sess.run(ALONE)
    untrained = measure(sess)
    train_steps = tfgan.GANTrainSteps(generator_train_steps=1, discriminator_train_steps=ex.discriminator_steps)
    rounds = ex.resumable(range(1, ex.rounds + 1), sess, saver, unit="round", every=display)
    for done, generator_loss, discriminator_loss in tfgan.gan_train(train_ops, sess, rounds, inputs, train_steps):
        if done % display == 0:
            parts = sess.run(gan_loss.parts, test_batch)
            ex.record(done, generator_loss=generator_loss, discriminator_loss=discriminator_loss, **parts)
            ex.writer.add_summary(sess.run(samples, grid), done)
            ex.log(f"round {done}: " + ", ".join(f"{name} {value:.3f}" for name, value in parts.items()))
    trained = measure(sess)
    last_sheet = sess.run(sheet, grid)[0, ..., 0]
    print("Model saved in file:", saver.save(sess, model_path))

with ex.session() as sess:
    saver.restore(sess, model_path)
    same_after_restore = np.array_equal(sess.run(sheet, grid)[0, ..., 0], last_sheet)

# %% Figures: the pictures, code by code, and the losses
figure, axis = plt.subplots(figsize=(6.4, 6.4))
axis.imshow(last_sheet, cmap="gray", vmin=0, vmax=1)
axis.set(xlabel="style, from −1 to 1", ylabel="code", xticks=[], yticks=np.arange(10) * 28 + 14)
axis.set_yticklabels(range(10))
figure.tight_layout()
ex.figure(figure, "samples")
lines = {name: ex.history[name] for name in gan_loss.parts}
ex.figure(figures.curves(lines, xlabel="rounds", ylabel="on test pictures"), "losses")

# %% Results
print("\nThe losses alone")
for name, value in alone.items():
    print(f"  {name:60}{value:.6g}")
    ex.report(name, value)
print("\nRow: the code; column: the digit that the judge sees in its 500 or so pictures")
print(trained[2])
ex.report("parameters of the generator", parameters["generator"])
ex.report("parameters of the discriminator", parameters["discriminator"])
for name, points in lines.items():
    ex.report(f"{name}, last", points[-1][1])
ex.report("the restored generator draws the same", same_after_restore)
ex.report("accuracy of the judge", judge.accuracy)
for name, (distance, even, table) in (("untrained", untrained), ("trained", trained)):
    ex.report(f"Fréchet distance, {name}", distance)
    ex.report(f"spread over the ten digits, {name}", even)
    ex.report(f"share of pictures that are their code's commonest digit, {name}", table.max(axis=1).sum() / PICTURES)
    ex.report(f"share of pictures that are the commonest digit of all, {name}", table.sum(axis=0).max() / PICTURES)
ex.report("Fréchet distance, other real pictures", judge.distance_of_real())
ex.report("digits that some code stands for", len(set(trained[2].argmax(axis=1))))
ex.finish()
