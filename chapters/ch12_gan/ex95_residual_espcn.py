"""Example 95 · Residual ESPCN ×4 on flowers (使用残差网络的 ESPCN)

Book:      intro 12.8.4, listing 12-8
Data:      flowers, crops of 3,320 training pictures, 350 held out; --images FOLDER trains on pictures of your own, and
           --image FILE enlarges one with the network trained last
Model:     convolution 64 of 5×5, 16 residual blocks, twice 256 maps and depth_to_space, 1,520,643 weights
Shows:     four times the edges by a deep network whose blocks add to what they get; a checkpoint at every look, and
           going on from it; exercise 12.8.4 no. 5: why the book's bicubic panel looks wrong, before and after
Departs:   as 94, and: crops of 96×96 in batches of 4, so that a CPU can train it; batch norm's running means are kept
           up to date, and used for pictures that are not trained on. The book parses the step out of the checkpoint's
           path, which breaks at a "-" in a folder's name; --resume does it here
Time:      8.2 min on 2 CPU cores shared with much other work
"""

import sys
import time

import numpy as np
from _super_resolution import batch_mse_psnr, batch_ssim, batch_y_psnr, enlarge, residual_espcn, shrink
from _super_resolution_pictures import Crops, as_pixels, details, measure, middles, panels, report
from _super_resolution_use import enlarge_photo, trained_settings

from utils import figures
from utils.data import flowers
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=600,
    batch_size=4,
    crop=96,
    blocks=16,
    learning_rate=0.001,
    decay=True,
    base=Choice("bicubic", "nothing"),
    shrink=Choice("area", "book"),
    display_step=100,
    pictures=1000,
    held_out=35,
    held_out_edge=256,
    images="",
    image="",
    quick={
        "steps": 60,
        "display_step": 20,
        "crop": 48,
        "blocks": 1,
        "pictures": 60,
        "held_out": 5,
        "held_out_edge": 128,
    },
    book={
        "steps": 10_000,
        "batch_size": 16,
        "crop": 256,
        "decay": False,
        "base": "nothing",
        "shrink": "book",
        "display_step": 400,
        "pictures": 3320,
        "held_out": 350,
    },
)
CHECKPOINT = "residual_espcn.ckpt"
# What the book's log prints from step 4,801 to 9,601: the means of its 13 lines, one batch of 16 pictures each, and
# three standard errors of these means.
BOOK = {
    "cost": (0.003437, 0.0006),
    "PSNR by channel": (25.726, 0.7),
    "Y-PSNR": (26.387, 0.8),
    "global SSIM": (0.9610, 0.005),
}
then = trained_settings("95") if ex.image else ex.settings
blocks, how, base = then.get("blocks", ex.blocks), then.get("shrink"), then.get("base")

# %% The graph
with tf.device(ex.device):
    images = tf.placeholder(tf.float32, [None, None, None, 3], name="images")  # 0 to 255
    training = tf.placeholder_with_default(False, [], name="training")
    x_smalls = shrink(images, 4, how)
    enlarged = enlarge(x_smalls, 4, how)
    y_predt = residual_espcn(x_smalls / 255, blocks, training, from_zero=base == "bicubic")
    if base == "bicubic":  # the network finds what bicubic enlargement lacks
        y_predt += enlarged["bicubic"] / 255
    y_pred = enlarged["ResESPCN"] = tf.clip_by_value(255 * y_predt, 0, 255)

    cost = tf.reduce_mean(tf.square(images / 255 - y_predt))
    global_step = tf.train.create_global_step()
    learning_rate = tf.constant(ex.learning_rate)
    if ex.decay:  # down to 1 % of the rate at the end, along half a wave of the cosine
        learning_rate = tf.train.cosine_decay(ex.learning_rate, global_step, ex.steps, alpha=0.01)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):  # batch norm's running means
        optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost, global_step)

    # All of one batch, fetched together.
    dbatch = tf.concat([images, y_pred], 0)
    mse, psnr = batch_mse_psnr(dbatch)
    look = [cost, psnr, batch_y_psnr(dbatch), batch_ssim(dbatch)]
    bicubic_psnr = batch_mse_psnr(tf.concat([images, tf.clip_by_value(enlarged["bicubic"], 0, 255)], 0))[1]

tensors = len(tf.trainable_variables())
parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())
print(f"{tensors} trainable tensors, {parameters:,} parameters")

# %% With --image: the network of the last run at work
if ex.image:
    enlarge_photo(ex, CHECKPOINT, x_smalls, enlarged, factor=4)
    sys.exit()

# %% The pictures
data = flowers.load(ex.data, ex.images)
crops = Crops(ex.data, data.train.files[: ex.pictures], ex.crop)
held_out = middles(data.validation.files, ex.held_out_edge, ex.held_out)
print(f"{len(crops.pictures)} training pictures in memory, batches of {ex.batch_size}×{ex.crop}×{ex.crop}×3")
print(f"{len(held_out)} held-out pictures {held_out.shape[1:]}")

# %% Training
saver = tf.train.Saver(max_to_keep=1, save_relative_paths=True)
path = ex.checkpoint(CHECKPOINT)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer, cost], [images, training])
    validate = sess.make_callable([*look, bicubic_psnr], [images])
    probe = held_out[:: max(1, len(held_out) // 8)]
    seconds = laps = 0
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
        batch = crops.next_batch(ex.batch_size)
        started = time.perf_counter()
        train(batch, True)
        seconds, laps = seconds + time.perf_counter() - started, laps + 1
        done = step + 1
        if done % ex.display_step == 0 or done == ex.steps:
            names = ("cost", "psnr", "ypsnr", "ssim", "psnr_bicubic")
            ex.record(done, **dict(zip(names, validate(probe), strict=True)), steps_per_second=laps / seconds)
            c, p, y, s = (ex.history[name][-1][1] for name in names[:4])
            ex.log(
                f"step {done}  cost {c:.9f}  psnr {p:.4f}  ypsnr {y:.4f}  ssim {s:.6f}   {laps / seconds:.2f} steps/s"
            )
    print("Model saved in file:", saver.save(sess, path))

# %% Restored: all methods on the held-out pictures
with ex.session() as sess:
    saver.restore(sess, path)
    parts = np.array_split(held_out, -(-len(held_out) // 4))
    run = sess.make_callable([look, x_smalls, enlarged], [images])
    looks, smalls, made = zip(*(run(part) for part in parts), strict=True)
looks = np.average(looks, 0, [len(part) for part in parts])
smalls = as_pixels(np.concatenate(smalls))
raw_bicubic = np.concatenate([part["bicubic"] for part in made])
made = {name: as_pixels(np.concatenate([part[name] for part in made])) for name in enlarged}
measured = measure(held_out, made)

# %% Exercise 12.8.4 no. 5: bicubic values below 0 and above 255 wrap round in 8 bits; clip them first
wrong = (raw_bicubic < -0.5) | (raw_bicubic > 255.5)
wrapped = np.round(raw_bicubic).astype(int).astype(np.uint8)
worst = wrong.mean((1, 2, 3)).argmax()
panes = [held_out[worst], wrapped[worst], made["bicubic"][worst]]
ex.figure(
    figures.image_grid(panes, ["original", "bicubic, not clipped", "bicubic, clipped"], columns=3, size=3), "exercise_5"
)

# %% Figures: all panels of a held-out picture (figure 12-16), details, the way there
one = len(held_out) // 2
each = {name: pictures[one] for name, pictures in made.items()}
ex.figure(panels(held_out[one], smalls[one], each, measured), "figure_12_16")
ex.figure(details({"original": held_out} | made, edge=96), "details")
lines = {"residual ESPCN": ex.history["psnr"], "bicubic": ex.history["psnr_bicubic"]}
ex.figure(figures.curves(lines, xlabel="step", ylabel="PSNR of some held-out pictures, dB"), "psnr")

# %% Results
ex.report("trainable tensors", tensors, book=74)
ex.report("parameters", parameters, book=1520643)
report(ex, measured, "ResESPCN")
for (name, (book, tolerance)), value in zip(BOOK.items(), looks, strict=True):
    ex.report(f"the book's {name}, ResESPCN", value, book=book, tolerance=tolerance)
ex.report("values of bicubic pictures outside 0…255", wrong.mean())
ex.report("training steps per second", ex.history["steps_per_second"][-1][1])
ex.finish()
