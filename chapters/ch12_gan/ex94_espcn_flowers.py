"""Example 94 · ESPCN ×2 on flowers (ESPCN 实现 flowers 数据集的超分辨率重建)

Book:      intro 12.8.3, listing 12-7
Data:      flowers, crops of 3,320 training pictures, 350 held out; --images FOLDER trains on pictures of your own, and
           --image FILE enlarges one with the network trained last
Model:     three convolutions at half the size, 64 of 5×5 tanh, 32 of 3×3 tanh, 12 of 3×3, then depth_to_space
Shows:     colour pictures at twice their edges, beside nearest, bilinear and bicubic enlargement: PSNR, PSNR of the
           brightness and SSIM, by scikit-image and as the book has them
Departs:   trained on the training pictures and measured on held-out ones (the book does both on the validation set), on
           random crops fed from memory (queues are the subject of 84), mirrored at their rims where they are small, not
           filled up with black, which raises PSNR. The network finds what bicubic enlargement lacks, at a rate of 2e-3:
           the book's starts from nothing at 1e-6 (--base nothing, --learning-rate). Pictures are shrunk by the mean of
           2×2 pixels: TensorFlow 1's resize (--shrink book) takes every second pixel and mixes nothing. Cost and
           measures of one line are of one batch; the book draws another batch for each. Its SSIM has one window as
           large as the picture, and is named global SSIM. All is clipped to 0…255 before it is shown. The text's U and
           V are swapped
Time:      5.9 min on 2 CPU cores beside other work
"""

import sys
import time

import numpy as np
from _super_resolution import batch_mse_psnr, batch_ssim, batch_y_psnr, enlarge, shrink
from _super_resolution_pictures import Crops, as_pixels, details, measure, middles, panels, report
from _super_resolution_use import enlarge_photo, trained_settings

from utils import figures
from utils.data import flowers
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=3000,
    batch_size=16,
    crop=64,
    learning_rate=0.002,
    decay=True,
    base=Choice("bicubic", "nothing"),
    shrink=Choice("area", "book"),
    display_step=200,
    pictures=1000,
    held_out=35,
    held_out_edge=200,
    images="",
    image="",
    quick={"steps": 60, "display_step": 10, "pictures": 60, "held_out": 6, "held_out_edge": 120, "crop": 48},
    book={
        "steps": 150_000,
        "batch_size": 4,
        "crop": 200,
        "learning_rate": 1e-6,
        "decay": False,
        "base": "nothing",
        "shrink": "book",
        "pictures": 3320,
        "held_out": 350,
    },
)
CHECKPOINT = "espcn.ckpt"
# What the book's log prints from step 144,801 to 149,801: the means of its 26 lines, one batch of 4 pictures each, and
# three standard errors of these means.
BOOK = {
    "cost": (0.004604, 0.0013),
    "PSNR by channel": (25.544, 1.2),
    "Y-PSNR": (26.086, 1.4),
    "global SSIM": (0.9495, 0.014),
}
then = trained_settings("94") if ex.image else ex.settings
how, base = then.get("shrink"), then.get("base")

# %% The graph
with tf.device(ex.device):
    images = tf.placeholder(tf.float32, [None, None, None, 3], name="images")  # 0 to 255
    x_smalls = shrink(images, 2, how)
    enlarged = enlarge(x_smalls, 2, how)

    net = tf.layers.conv2d(x_smalls / 255, 64, 5, padding="same", activation=tf.nn.tanh)
    net = tf.layers.conv2d(net, 32, 3, padding="same", activation=tf.nn.tanh)
    start = tf.zeros_initializer() if base == "bicubic" else None
    net = tf.layers.conv2d(net, 12, 3, padding="same", kernel_initializer=start)
    y_predt = tf.depth_to_space(net, 2)
    if base == "bicubic":  # the network finds what bicubic enlargement lacks
        y_predt += enlarged["bicubic"] / 255
    y_pred = enlarged["ESPCN"] = tf.clip_by_value(255 * y_predt, 0, 255)

    cost = tf.reduce_mean(tf.square(images / 255 - y_predt))
    global_step = tf.train.create_global_step()
    learning_rate = tf.constant(ex.learning_rate)
    if ex.decay:  # down to 1 % of the rate at the end, along half a wave of the cosine
        learning_rate = tf.train.cosine_decay(ex.learning_rate, global_step, ex.steps, alpha=0.01)
    optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost, global_step)

    # All of one batch, fetched together.
    dbatch = tf.concat([images, y_pred], 0)
    mse, psnr = batch_mse_psnr(dbatch)
    look = [cost, psnr, batch_y_psnr(dbatch), batch_ssim(dbatch)]
    bicubic_psnr = batch_mse_psnr(tf.concat([images, tf.clip_by_value(enlarged["bicubic"], 0, 255)], 0))[1]

parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())
print(f"{parameters:,} parameters")

# %% With --image: the network of the last run at work
if ex.image:
    enlarge_photo(ex, CHECKPOINT, x_smalls, enlarged, factor=2)
    sys.exit()

# %% The pictures
data = flowers.load(ex.data, ex.images)
crops = Crops(ex.data, data.train.files[: ex.pictures], ex.crop)
held_out = middles(data.validation.files, ex.held_out_edge, ex.held_out)
print(f"{len(crops.pictures)} training pictures in memory, batches of {ex.batch_size}×{ex.crop}×{ex.crop}×3")
print(f"{len(held_out)} held-out pictures {held_out.shape[1:]}")

# %% Training
saver = tf.train.Saver(save_relative_paths=True)
path = ex.checkpoint(CHECKPOINT)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer, cost], [images])
    validate = sess.make_callable([*look, bicubic_psnr], [images])
    probe = held_out[:: max(1, len(held_out) // 8)]
    seconds = laps = 0
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
        batch = crops.next_batch(ex.batch_size)
        started = time.perf_counter()
        train(batch)
        seconds, laps = seconds + time.perf_counter() - started, laps + 1
        done = step + 1
        if done % ex.display_step == 0 or done == ex.steps:
            names = ("cost", "psnr", "ypsnr", "ssim", "psnr_bicubic")
            ex.record(done, **dict(zip(names, validate(probe), strict=True)), steps_per_second=laps / seconds)
            c, p, y, s = (ex.history[name][-1][1] for name in names[:4])
            ex.log(
                f"step {done}  cost {c:.9f}  psnr {p:.4f}  ypsnr {y:.4f}  ssim {s:.6f}   {laps / seconds:.1f} steps/s"
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
made = {name: as_pixels(np.concatenate([part[name] for part in made])) for name in enlarged}
measured = measure(held_out, made)

# %% Figures: all panels of a held-out picture (figure 12-14), details, the way there
one = len(held_out) // 2
each = {name: pictures[one] for name, pictures in made.items()}
ex.figure(panels(held_out[one], smalls[one], each, measured), "figure_12_14")
ex.figure(details({"original": held_out} | made, edge=64), "details")
lines = {"ESPCN": ex.history["psnr"], "bicubic": ex.history["psnr_bicubic"]}
ex.figure(figures.curves(lines, xlabel="step", ylabel="PSNR of some held-out pictures, dB"), "psnr")

# %% Results
ex.report("parameters", parameters, book=26796)
report(ex, measured, "ESPCN")
for (name, (book, tolerance)), value in zip(BOOK.items(), looks, strict=True):
    ex.report(f"the book's {name}, ESPCN", value, book=book, tolerance=tolerance)
ex.report("training steps per second", ex.history["steps_per_second"][-1][1])
ex.finish()
