"""Project 55 · Training AttGAN (AttGAN 训练)

Book:      eng 10.3.9 and 10.3.10, listing 10-6
Data:      CelebA, 202,599 aligned faces with 13 of their attributes, which you get yourself (`python run.py data
           celeba` says how); else faces are drawn that have them. --image FILE edits a picture with the network
           trained last
Model:     encoder and decoder with one shortcut, the attributes laid into the decoder twice; a critic with two heads
Shows:     how three losses work together: reconstruction, the critic's word on realness (WGAN-GP, or --mode lsgan) and
           on attributes. A classifier trained apart then says how often an edit takes effect and the rest stays.
           Seeds 1, 2, 3 of the default run, and what each should reach: mean editing accuracy 0.971, 0.988, 0.923
           (0.82), worst attribute 0.856, 0.950, 0.625 (0.55), other attributes kept at least 0.984, 0.982, 0.983
           (0.97), PSNR of the reconstruction 23.9, 23.5, 24.1 dB (22), the classifier itself 0.991, 0.994, 0.992
           (0.98). --mode lsgan collapsed in a trial at the default rate; --learning-rate 0.0005 --critic-norm instance
           held there
Departs:   the excerpt begins in the middle of the listing: encoder, decoder and critic, batch, rate, epochs, data and
           split are those of AttGAN's published code. Scopes tell the networks' variables apart, not the letters D and
           G in their names. No checkpoint means a start from scratch; any other trouble with one is an error. The
           listing's `finally` saves under the number of an epoch that is not set where the loop never ran (NameError),
           and its `epoch` is the number of all epochs, then the current one; here the loop saves by itself. The "eye
           bags" among the edited attributes are Bald, it seems, mistranslated. The sigmoid is taken of the logits only.
           A bald head loses its hair colour and its bangs. The measures are ours. Default: 48 pixels, small networks,
           one critic step, reconstruction weighs 30; --book is 128 pixels, 100
Time:      6 to 10 min on 2 CPU cores, beside another run (three seeds)
"""

import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from _editing import edits, likeness, save_png, strips, trained_settings, verdict, wanted
from _judge import AttributeJudge, shared_out
from models import D, Editor, Gdec, Genc, gradient_penalty, size_of

from utils import figures, paths
from utils.data import celeba
from utils.example import Choice, Example
from utils.photo import load_photo
from utils.problems import WrongFlag
from utils.summaries import variable_summaries
from utils.tf1 import tf

ex = Example(
    __doc__,
    image="",
    mode=Choice("wgan", "lsgan"),
    size=48,
    dim=32,
    layers=3,
    fc_dim=128,
    shortcut=1,
    inject=1,
    critic_norm=Choice("none", "instance"),
    momentum=0.99,
    epochs=6,
    batch_size=16,
    learning_rate=0.001,
    n_d=1,
    lambda_rec=30.0,
    thres_int=0.5,
    test_int=1.0,
    n_sample=8,
    sample_step=250,
    save_step=250,
    log_step=25,
    drawn=12_800,
    judge_faces=4000,
    judge_epochs=8,
    test_faces=160,
    quick={
        "size": 32,
        "dim": 8,
        "layers": 3,
        "fc_dim": 32,
        "momentum": 0.9,
        "epochs": 3,
        "drawn": 960,
        "learning_rate": 0.002,
        "n_sample": 4,
        "sample_step": 27,
        "save_step": 10,
        "log_step": 6,
        "judge_faces": 300,
        "judge_epochs": 6,
        "test_faces": 24,
    },
    book={
        "size": 128,
        "dim": 64,
        "layers": 5,
        "fc_dim": 1024,
        "critic_norm": "instance",
        "momentum": 0.999,
        "epochs": 200,
        "batch_size": 32,
        "learning_rate": 0.0002,
        "n_d": 5,
        "lambda_rec": 100.0,
        "n_sample": 32,
        "sample_step": 100,
        "save_step": 1000,
        "log_step": 1,
        "judge_faces": 10_000,
        "test_faces": 1000,
    },
)
CHECKPOINT = "attgan.ckpt"
NAMES = list(celeba.ATTRIBUTES)

# %% With --image: the network of the last run at work. It is not known what the face has: the critic says it
if ex.image:
    saved = ex.checkpoint_of("p55", CHECKPOINT)
    settings = trained_settings()
    photo = celeba.as_values(celeba.crop(load_photo(ex.image)[0], settings["size"])[None])
    with tf.device(ex.device):
        editor = Editor(settings, len(NAMES))
    with ex.session() as sess:
        tf.train.Saver().restore(sess, saved)
        has = editor.seen(sess, photo)
        asked = wanted(has, NAMES, settings["thres_int"], settings["test_int"])
        shown = np.concatenate([photo, edits(sess, editor, photo, asked)[:, 0]])
    print("the critic sees", ", ".join(name for name, value in zip(NAMES, has[0], strict=True) if value) or "nothing")
    signs = [("no " if value else "") + name for name, value in zip(NAMES, has[0], strict=True)]
    labels = ["cropped", "reconstructed", *signs]
    figure = figures.image_grid(celeba.as_pictures(shown), labels, columns=5, size=1.8)
    edited = ex.outputs / f"edited-{Path(ex.image).stem}.png"
    part = edited.with_suffix(".part")  # not ex.figure, which writes into the log of the training
    figure.savefig(part, format="png", dpi=100)
    part.replace(edited)
    print(f"{ex.image}: {paths.shown(edited)}")
    sys.exit()

# %% Data
if ex.size % 2**ex.layers or ex.size < 32:
    raise WrongFlag(f"--size {ex.size}: must be 32 at least and divisible by {2**ex.layers}, for {ex.layers} layers")
faces = celeba.load(ex.data, size=ex.size, drawn=ex.drawn)
tr_data, te_data = faces.train, faces.test
measured, learned = shared_out(te_data, ex.test_faces, ex.judge_faces)  # to be edited, and for the judge to learn from
it_per_epoch = tr_data.num_examples // (ex.batch_size * (ex.n_d + 1))
if it_per_epoch == 0:
    raise WrongFlag(f"--batch-size {ex.batch_size}: {tr_data.num_examples} faces are less than one iteration takes")
print(f"{tr_data.num_examples:,} faces to learn from, {it_per_epoch} iterations in an epoch")

# %% Graph: xa a real face with the attributes a; xa_ its reconstruction; xb_ edited so that it has the attributes b
with tf.device(ex.device):
    xa = tf.placeholder(tf.float32, [None, ex.size, ex.size, 3], name="xa")
    a = tf.placeholder(tf.float32, [None, len(NAMES)], name="a")
    b = tf.placeholder(tf.float32, [None, len(NAMES)], name="b")
    lr = tf.placeholder(tf.float32, [], name="lr")
    it_cnt = tf.train.create_global_step()  # iterations so far; a resumed run goes on counting
    d_cnt = tf.get_variable("d_cnt", [], tf.int64, tf.zeros_initializer(), trainable=False)

    z = Genc(xa, ex.dim, ex.layers, momentum=ex.momentum)
    xa_ = Gdec(z, (2 * a - 1) * ex.thres_int, ex.dim, ex.shortcut, ex.inject, momentum=ex.momentum)
    xb_ = Gdec(z, (2 * b - 1) * ex.thres_int, ex.dim, ex.shortcut, ex.inject, momentum=ex.momentum)

    def critic(pictures):
        """The critic's two answers: how real the pictures are, and the logits of their attributes."""
        return D(pictures, len(NAMES), ex.dim, ex.layers, ex.fc_dim, ex.critic_norm)

    xa_logit_gan, xa_logit_att = critic(xa)
    xb__logit_gan, xb__logit_att = critic(xb_)

    def uniform(shape, number):
        """Random numbers from 0 to 1 that hang on the seed and the critic's step alone, as a resumed run needs them."""
        return tf.random.stateless_uniform(shape, seed=tf.stack([tf.cast(ex.seed, tf.int64), 2 * d_cnt + number]))


# %% Losses
with tf.device(ex.device):
    mse = tf.losses.mean_squared_error
    if ex.mode == "wgan":
        d_loss_gan = tf.reduce_mean(xb__logit_gan) - tf.reduce_mean(xa_logit_gan)
        xb_loss_gan = -tf.reduce_mean(xb__logit_gan)
        other = xb_  # the slope is held at 1 between real and edited faces
    else:
        d_loss_gan = mse(tf.ones_like(xa_logit_gan), xa_logit_gan) + mse(tf.zeros_like(xb__logit_gan), xb__logit_gan)
        xb_loss_gan = mse(tf.ones_like(xb__logit_gan), xb__logit_gan)
        other = xa + 0.5 * tf.math.reduce_std(xa) * uniform(tf.shape(xa), 1)  # around real faces only, as DRAGAN does
    gp = gradient_penalty(lambda pictures: critic(pictures)[0], xa, other, uniform(tf.shape(xa)[:1], 0))
    xa_loss_att = tf.losses.sigmoid_cross_entropy(a, xa_logit_att)
    d_loss = d_loss_gan + 10 * gp + xa_loss_att

    xb_loss_att = tf.losses.sigmoid_cross_entropy(b, xb__logit_att)
    xa_loss_rec = tf.losses.absolute_difference(xa, xa_)
    g_loss = xb_loss_gan + 10 * xb_loss_att + ex.lambda_rec * xa_loss_rec

    d_vars = tf.trainable_variables("D/")
    g_vars = tf.trainable_variables("Genc/") + tf.trainable_variables("Gdec/")
    d_step = tf.train.AdamOptimizer(lr, beta1=0.5).minimize(d_loss, d_cnt, var_list=d_vars)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):  # the batch norm's moving averages
        g_step = tf.train.AdamOptimizer(lr, beta1=0.5).minimize(g_loss, it_cnt, var_list=g_vars)

    parts = {"D/d_loss_gan": d_loss_gan, "D/gp": gp, "D/xa_loss_att": xa_loss_att, "Learning_Rate/lr": lr}
    d_summary = tf.summary.merge([variable_summaries(tensor, name) for name, tensor in parts.items()])
    parts = {"G/xb_loss_gan": xb_loss_gan, "G/xb_loss_att": xb_loss_att, "G/xa_loss_rec": xa_loss_rec}
    g_summary = tf.summary.merge([variable_summaries(tensor, name) for name, tensor in parts.items()])
    editor = Editor(ex.settings, len(NAMES))

parameters = size_of("Genc", "Gdec"), size_of("D")
print(f"the generator has {parameters[0]:,} parameters, the critic {parameters[1]:,}")

# %% What the sheets show: in each row a face of the validation set, reconstructed, and each attribute turned
sample = np.arange(min(ex.n_sample, faces.validation.num_examples))
xa_sample = celeba.as_values(faces.validation.pictures(sample))
b_sample = wanted(faces.validation.labels[sample], NAMES, ex.thres_int, ex.test_int)

# %% Training
saver = tf.train.Saver(save_relative_paths=True, max_to_keep=1)
model = [v for v in tf.global_variables() if v.name.startswith(("Genc/", "Gdec/", "D/")) and "Adam" not in v.name]
model_saver = tf.train.Saver(model, save_relative_paths=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train_d = sess.make_callable([d_step, d_loss, d_summary], [xa, a, b, lr])
    train_g = sess.make_callable([g_step, g_loss, g_summary], [xa, a, b, lr])
    seconds = []
    iterations = range(ex.epochs * it_per_epoch)
    for it in ex.resumable(iterations, sess, saver, unit="iteration", every=ex.save_step):
        started = time.perf_counter()
        epoch, done = it // it_per_epoch, it + 1
        rate = ex.learning_rate / 10 ** (epoch // 100)
        for _ in range(ex.n_d):
            pictures, labels = tr_data.next_batch(ex.batch_size)
            _, d_now, d_text = train_d(pictures, labels, np.random.permutation(labels), rate)
        pictures, labels = tr_data.next_batch(ex.batch_size)
        _, g_now, g_text = train_g(pictures, labels, np.random.permutation(labels), rate)
        seconds.append(time.perf_counter() - started)

        where = f"({done - epoch * it_per_epoch:5}/{it_per_epoch:5})"
        if done % ex.log_step == 0 or done == len(iterations):
            ex.record(done, d_loss=d_now, g_loss=g_now)
            for text in (d_text, g_text):
                ex.writer.add_summary(text, done)
            ex.log(f"Epoch: ({epoch:3}) {where} Time: {seconds[-1]:.4f}!  d_loss {d_now:.4g}  g_loss {g_now:.4g}")
        if done % ex.sample_step == 0 or done == len(iterations):
            made = edits(sess, editor, xa_sample, b_sample)
            psnr, _ = likeness(celeba.as_pictures(xa_sample), celeba.as_pictures(made[0]))
            ex.record(done, psnr=psnr.mean())
            name = f"Epoch_({epoch})_({done - epoch * it_per_epoch}of{it_per_epoch}).png"
            save_png(ex, ex.outputs / "sample_training" / name, strips(xa_sample, made), done)
    print("Model saved in file:", model_saver.save(sess, ex.checkpoint(CHECKPOINT), write_state=False))

# %% The trained network, restored, edits test faces that neither it nor the judge has learned from
judge = AttributeJudge(ex, te_data, learned, ex.judge_epochs)
unseen = np.arange(min(learned[0], 2000))
judge_accuracy = judge.accuracy(celeba.as_values(te_data.pictures(unseen)), te_data.labels[unseen])

originals, labels = te_data.pictures(measured), te_data.labels[measured]
values = celeba.as_values(originals)
with ex.session() as sess:
    model_saver.restore(sess, ex.checkpoint(CHECKPOINT))
    reconstructed, *made = edits(sess, editor, values, wanted(labels, NAMES, ex.thres_int, ex.test_int))
    _, *weaker = edits(sess, editor, values, wanted(labels, NAMES, ex.thres_int, ex.thres_int))
took, stayed = verdict(judge, made, labels, NAMES)
weaker_took, weaker_stayed = verdict(judge, weaker, labels, NAMES)
untouched, _ = verdict(judge, [values] * len(NAMES), labels, NAMES)
psnr, ssim = likeness(originals, celeba.as_pictures(reconstructed))
mean_face = tr_data.pictures(np.arange(min(500, tr_data.num_examples))).mean(axis=0)
mean_psnr, _ = likeness(originals, np.broadcast_to(np.rint(mean_face).astype(np.uint8), originals.shape))

print(f"\n{'':20} took effect  others kept   the judge is right")
for row in zip(NAMES, took, stayed, judge_accuracy, strict=True):
    print("{:20} {:11.3f}  {:11.3f}  {:19.3f}".format(*row))

# %% Figures: the losses (figure 10-7), faces with each attribute turned (figure 10-8), how often an edit takes effect
ex.figure(figures.curves({k: ex.history[k] for k in ("d_loss", "g_loss")}, xlabel="iteration", ylabel="loss"), "losses")

rows = {"original": originals[:8] / 255, "reconstructed": celeba.as_pictures(reconstructed[:8]) / 255}
for name, pictures in zip(NAMES, made, strict=True):
    rows[name.replace("_", "\n")] = celeba.as_pictures(pictures[:8]) / 255
ex.figure(figures.image_rows(rows), "figure_10_8")

figure, axis = plt.subplots(figsize=(7, 4.6))
places = np.arange(len(NAMES))[::-1]
axis.barh(places + 0.2, took, 0.4, label="the edit takes effect")
axis.barh(places - 0.2, stayed, 0.4, label="the other attributes stay")
axis.set_yticks(places, NAMES)
axis.set(xlim=(0, 1), xlabel="share of the edits, by the judge")
axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2, frameon=False)
figure.tight_layout()
ex.figure(figure, "editing")

# %% Results
ex.report("iterations in an epoch", it_per_epoch, book=947)
ex.report("parameters of the generator", parameters[0])
ex.report("parameters of the critic", parameters[1])
ex.report("editing accuracy, mean", took.mean(), better="higher")
ex.report("editing accuracy, worst attribute", took.min(), better="higher")
ex.report("other attributes kept", stayed.mean(), better="higher")
ex.report("editing accuracy at the trained strength", weaker_took.mean())
ex.report("other attributes kept at the trained strength", weaker_stayed.mean())
ex.report("editing accuracy, faces left as they are", untouched.mean())
for name, share in zip(NAMES, took, strict=True):
    ex.report(f"editing accuracy, {name}", share)
ex.report("judge's own accuracy", judge_accuracy.mean())
ex.report("reconstruction, PSNR", psnr.mean(), better="higher")
ex.report("reconstruction, SSIM", ssim.mean(), better="higher")
ex.report("PSNR of the mean face", mean_psnr.mean())
ex.report("d_loss, last", ex.history["d_loss"][-1][1])
ex.report("g_loss, last", ex.history["g_loss"][-1][1])
# The book's iterations, 233 to 236 of its epoch 116, took 10.14 to 10.23 s each, on hardware that it does not name.
if seconds:
    ex.report("seconds an iteration, median", float(np.median(seconds)), book=10.19, better="lower")
judge.close()
ex.finish()
