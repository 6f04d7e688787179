"""Example 89 · AEGAN: compress and rebuild MNIST with an encoder for a GAN (使用 AEGAN 对 MNIST 数据集压缩特征及重建)

Book:      intro 12.4.1–12.4.2, listing 12-2
Data:      MNIST, 55,000 training pictures of 28×28 with their labels; the 10,000 test pictures to measure against
Model:     the networks of example 88 and an encoder 784 → 50, 20 million parameters (--width 0.5 builds half of
           each layer)
Shows:     a GAN is trained, then frozen, then an encoder learns to find the 50 numbers that a generated digit was
           drawn from: with the generator behind it, it compresses and rebuilds real digits, which it never saw.
           MonitoredTrainingSession holds both trainings
Departs:   the encoder's output is linear: the book's leaky ReLU makes negative numbers small (--encoder-head leaky, and
           with --book). The error on real test digits is reported; the book's "test" has none in it. "generator" in a
           name is true of inversegenerator too: variables are chosen by their scope. --resume needs more than
           MonitoredTrainingSession saves (the place in the data, the noise), so a second checkpoint keeps that. For
           the codes' output, the batch norm and the rates see example 88
Time:      5.0 min on 2 CPU cores beside other work
"""

import _evaluation as evaluation
import numpy as np
from _monitored import PlainSession
from models import InfoGAN, cross_entropy, encoder, generator, leaky_relu, size_of, variables_of

from utils import figures
from utils.data import mnist
from utils.digit_judge import DigitJudge
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=400,
    ae_steps=300,
    batch_size=64,
    display_step=100,
    d_learning_rate=0.0005,
    g_learning_rate=0.002,
    ae_learning_rate=0.001,
    beta1=0.5,
    momentum=0.9,
    width=1.0,
    encoder_head=Choice("linear", "leaky"),
    code_head=Choice("linear", "sigmoid"),
    save_checkpoint_secs=120.0,
    judged=5000,
    tested=10000,
    judge_epochs=3,
    quick={
        "steps": 100,
        "ae_steps": 50,
        "display_step": 50,
        "d_learning_rate": 0.001,
        "g_learning_rate": 0.005,
        "ae_learning_rate": 0.003,
        "width": 0.25,
        "judged": 1500,
        "tested": 1500,
        "judge_epochs": 1,
    },
    book={
        "steps": 16500,
        "ae_steps": 16500,
        "batch_size": 10,
        "display_step": 5500,
        "d_learning_rate": 0.0001,
        "g_learning_rate": 0.001,
        "ae_learning_rate": 0.01,
        "beta1": 0.9,
        "momentum": 0.99,
        "encoder_head": "leaky",
        "code_head": "sigmoid",
    },
)

# The losses of the last batch after each epoch of 5,500 batches, as the book prints them
BOOK = {5500: (0.725493670, 1.14361), 11000: (0.590400815, 0.877365), 16500: (0.527337492, 1.45355)}
BOOK_AE = {22000: 0.026241459, 27500: 0.027687110, 33000: 0.024392122}

# %% The data
digits = mnist.load(ex.data, one_hot=False)
judge = DigitJudge(ex, digits, ex.judge_epochs)
test_images, test_cls = digits.test.images[: ex.tested], digits.test.cls[: ex.tested]

# %% The GAN of example 88
with tf.device(ex.device):
    gan = InfoGAN(width=ex.width, momentum=ex.momentum, code_head=ex.code_head)
    loss_d = (cross_entropy(gan.disc_real, 1) + cross_entropy(gan.disc_fake, 0)) / 2
    loss_g = cross_entropy(gan.disc_fake, 1)
    others = (gan.loss_cf + gan.loss_cr) / 2 + gan.loss_con

    # %% The encoder before the generator, on generated digits (igen) and on real ones (igenout)
    head = leaky_relu if ex.encoder_head == "leaky" else None  # leaky, as in the book: no negative code is found
    igen = generator(encoder(gan.gen, width=ex.width, head=head), False, width=ex.width, momentum=ex.momentum)
    code = encoder(gan.x, width=ex.width, head=head)
    igenout = generator(code, False, width=ex.width, momentum=ex.momentum)
    loss_ae = tf.reduce_mean(tf.square(gan.gen - igen))

    # The discriminator and, after it, the encoder count on the same global step. Each optimiser moves its own network:
    # the generator is frozen, because the encoder's one does not know its variables.
    global_step = tf.train.get_or_create_global_step()
    gen_global_step = tf.Variable(0, trainable=False, name="gen_global_step", dtype=tf.int64)
    D_adam = tf.train.AdamOptimizer(ex.d_learning_rate, beta1=ex.beta1)
    G_adam = tf.train.AdamOptimizer(ex.g_learning_rate, beta1=ex.beta1)
    train_disc = D_adam.minimize(loss_d + others, global_step, var_list=variables_of("discriminator"))
    with tf.control_dependencies(gan.update_ops):  # the moving averages of the batch norm
        train_gen = G_adam.minimize(loss_g + others, gen_global_step, var_list=variables_of("generator"))
    AE_adam = tf.train.AdamOptimizer(ex.ae_learning_rate)
    train_ae = AE_adam.minimize(loss_ae, global_step, var_list=variables_of("inversegenerator"))

for scope in ("discriminator", "generator", "inversegenerator"):
    print("the {} has {} tensors, {:,} parameters".format(scope, *size_of(scope)))

# %% What to look at and to measure: the same labels and noise each time, from a random generator of its own
own_random = np.random.default_rng(ex.seed)
asked = np.arange(max(100, ex.judged)) % 10
con, rand = gan.noise(len(asked), own_random)
first_ten = [digits.test.images[:10], digits.test.cls[:10], *gan.noise(10, own_random)]
inputs = [gan.x, gan.y, gan.z_con, gan.z_rand, gan.training]


def look(session, step):
    drawn = evaluation.in_batches(session.make_callable(gan.gen, inputs[1:4]), asked, con, rand)
    evaluation.save_sheet(ex, drawn[:100].reshape(10, 10, 784), step, f"step-{step:05}")
    ex.record(step, **evaluation.verdict(judge, drawn, asked))


def rebuilt(session, pictures):
    """Return G(E(x)) for pictures [n, 784]."""
    return evaluation.in_batches(session.make_callable(igenout, [gan.x]), pictures)


def rebuilding_error(pictures, others):
    return float(np.mean((pictures - others) ** 2))


# %% MonitoredTrainingSession initialises or restores, saves every save_checkpoint_secs and at its end
folder = str(ex.checkpoints / "aecheckpoints")
batches_per_epoch = digits.train.num_examples / ex.batch_size
# --resume must end like an uninterrupted run, so ex.resumable keeps the place in the data and NumPy's noise as well, in
# checkpoints of its own; it wants the plain session.
saver = tf.train.Saver(max_to_keep=2, save_relative_paths=True)
by_the_clock = tf.train.Scaffold(saver=tf.train.Saver(max_to_keep=2, save_relative_paths=True))
plain = PlainSession()
gan_watch, ae_watch = evaluation.Stopwatch(), evaluation.Stopwatch()
with tf.train.MonitoredTrainingSession(
    checkpoint_dir=folder,
    save_checkpoint_secs=ex.save_checkpoint_secs,
    scaffold=by_the_clock,
    hooks=[plain],
    config=ex.config(),
    log_step_count_steps=None,
) as sess:

    def where():
        now = int(plain.session.run(global_step))
        print("global_step", now, "epoch", int(now / batches_per_epoch))

    def test(losses):
        """Return losses on the first ten test pictures, normalised by themselves as in the book."""
        return plain.session.run(losses, dict(zip(inputs, [*first_ten, True], strict=True)))

    # %% First the GAN
    where()
    for step in ex.resumable(range(ex.steps), plain.session, saver, unit="step", every=ex.display_step):
        if step == 0:
            look(plain.session, 0)
        with gan_watch:
            pictures, labels = digits.train.next_batch(ex.batch_size)
            feed = dict(zip(inputs, [pictures, labels, *gan.noise(ex.batch_size), True], strict=True))
            _, d_now = sess.run([train_disc, loss_d], feed)
            feed = dict(zip(inputs, [pictures, labels, *gan.noise(ex.batch_size), True], strict=True))
            _, g_now = sess.run([train_gen, loss_g], feed)

        done = step + 1
        shown = done % ex.display_step == 0 or done == ex.steps
        if shown or done % max(1, ex.display_step // 20) == 0:
            ex.record(done, loss_d=d_now, loss_g=g_now)
        if shown:
            look(plain.session, done)
            book = ex.beside("{:.9f} {:.6g}".format(*BOOK[done])) if done in BOOK else ""
            ex.log(f"Epoch: {done / batches_per_epoch:.2f} cost= {d_now:.9f} {g_now:.6g}{book}")
    ten_d, ten_g = test([loss_d, loss_g])
    print("result:", ten_d, ten_g, ex.beside("0.523087 1.48371"))

    # %% Then the encoder, on generated digits of the frozen generator
    where()
    frozen = plain.session.run(variables_of("generator"))
    untrained_error = rebuilding_error(test_images, rebuilt(plain.session, test_images))
    for step in ex.resumable(range(ex.ae_steps), plain.session, saver, unit="step", every=ex.display_step):
        with ae_watch:
            _, labels = digits.train.next_batch(ex.batch_size)
            feed = dict(zip(inputs[1:4], [labels, *gan.noise(ex.batch_size)], strict=True))
            _, ae_now = sess.run([train_ae, loss_ae], feed)

        done = ex.steps + step + 1
        shown = (step + 1) % ex.display_step == 0 or step + 1 == ex.ae_steps
        if shown or (step + 1) % max(1, ex.display_step // 20) == 0:
            ex.record(done, loss_ae=ae_now)
        if shown:
            ex.record(done, test_error=rebuilding_error(test_images, rebuilt(plain.session, test_images)))
            book = ex.beside(f"{BOOK_AE[done]:.9f}") if done in BOOK_AE else ""
            ex.log(f"Epoch: {done / batches_per_epoch:.2f} cost= {ae_now:.9f}{book}")
    ten_ae = test(loss_ae)
    print("result:", ten_ae, ex.beside("0.0210641"))
    moved = max(np.abs(a - b).max() for a, b in zip(plain.session.run(variables_of("generator")), frozen, strict=True))
    rebuilt_digits = rebuilt(plain.session, test_images)

# %% Look, from the checkpoint that the session saved at its end
newest = tf.train.latest_checkpoint(folder)
print("newest checkpoint:", newest)
with ex.session() as sess:
    by_the_clock.saver.restore(sess, newest)
    steps_saved = int(sess.run(global_step))
    restored_digits = rebuilt(sess, test_images)
    drawn_ten = sess.run(gan.gen, dict(zip(inputs[1:4], first_ten[1:], strict=True)))
    codes = evaluation.in_batches(sess.make_callable(code, [gan.x]), test_images)
judged = judge.classes(restored_digits)

# %% Figures
ex.figure(evaluation.ten_digits(digits, drawn_ten), "figure_12_6")
rows = {"test digits": digits.test.images[:10], "rebuilt": restored_digits[:10]}
ex.figure(figures.image_rows(rows, [str(digit) for digit in digits.test.cls[:10]]), "figure_12_7")
ex.figure(evaluation.growth(ex, f"step-{ex.steps:05}", evaluation.real_digits(digits)), "growth")
figure = figures.confusion_matrix(test_cls, judged)
figure.axes[0].set(xlabel="digit that the judge reads in the rebuilt picture", ylabel="digit of the test picture")
ex.figure(figure, "true_and_rebuilt")
lines = {name: ex.history[name] for name in ("loss_d", "loss_g")}
ex.figure(figures.curves(lines, xlabel="global step", ylabel="loss"), "losses_gan")
lines = {"loss_ae, generated digits": ex.history["loss_ae"], "real test digits": ex.history["test_error"]}
ex.figure(figures.curves(lines, xlabel="global step", ylabel="mean squared error", log=True), "losses_encoder")

# %% Results
ex.report("encoder: tensors, parameters", size_of("inversegenerator"), book=[8, 6607090])
# The tolerances are the ranges of what the book prints for this network, here and in example 88.
evaluation.report_epochs(ex, BOOK, tolerances=(0.2, 0.65))
ex.report("loss_d, first ten test digits", ten_d, book=0.523087, tolerance=0.2)
ex.report("loss_g, first ten test digits", ten_g, book=1.48371, tolerance=0.65)
evaluation.report_verdicts(ex, judge, digits, *evaluation.recorded(ex))
for epoch, (step, published) in enumerate(BOOK_AE.items(), start=4):
    then = dict(ex.history["loss_ae"]).get(step)
    if then is not None:
        ex.report(f"loss_ae, epoch {epoch}", then, book=published, tolerance=0.01)
# The book calls this a test, but no test picture is in it: it is the error on ten more generated digits.
ex.report("loss_ae, the book's test", ten_ae, book=0.0210641, tolerance=0.01)
mean_picture = digits.train.images.mean(axis=0)
ex.report("mean squared error on test digits, untrained encoder", untrained_error)
ex.report("mean squared error on test digits, rebuilt", rebuilding_error(test_images, restored_digits))
ex.report("mean squared error on test digits, the mean picture", rebuilding_error(test_images, mean_picture))
ex.report("rebuilt digits that the judge reads as the original", float((judged == test_cls).mean()))
ex.report(
    "test digits whose label is the largest of the code's first ten",
    float((codes[:, :10].argmax(1) == test_cls).mean()),
)
ex.report("global step saved", steps_saved)
ex.report("largest move of the generator while the encoder learned", moved)
ex.report("largest difference of a restored digit", np.abs(restored_digits - rebuilt_digits).max())
ex.report("steps per second: GAN, encoder", [gan_watch.per_second, ae_watch.per_second])
ex.finish()
