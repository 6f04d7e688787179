"""Example 93 · ESPCN ×2 on MNIST (ESPCN 实现 MNIST 数据集的超分辨率重建)

Book:      intro 12.8.2, listing 12-6
Data:      MNIST, 55,000 training / 10,000 test pictures of 28×28, shrunk to 14×14; --image FILE enlarges a picture of
           your own with the network trained last, in grey
Model:     three convolutions at 14×14, 64 of 5×5, 32 of 3×3, 4 of 3×3, whose four maps become one of 28×28
Shows:     sub-pixel convolution beside bicubic, nearest and bilinear enlargement: ten test digits, and PSNR and SSIM
Departs:   the last layer is linear, and clipped where it is shown: the listing's ReLU there (--output relu) passes no
           gradient where it gives 0, so that one of the four maps can die. The rate falls along a cosine, and 4 epochs
           stand for 100. "Shrunk 4 times" means the area, and TensorFlow 1's resize does not average: it takes every
           second pixel of every second row
Time:      2.8 min on 2 CPU cores beside other work
"""

import sys
import time

import numpy as np
from _super_resolution_pictures import as_pixels, measure, report
from _super_resolution_use import enlarge_photo

from utils import figures
from utils.data import mnist
from utils.example import Choice, Example
from utils.tf1 import tf

ex = Example(
    __doc__,
    epochs=4,
    batches=1833,
    batch_size=30,
    learning_rate=0.01,
    decay=True,
    output=Choice("linear", "relu"),
    display_step=1,
    measured=2000,
    image="",
    quick={"epochs": 2, "batches": 100, "measured": 50},
    book={"epochs": 100, "decay": False, "display_step": 20},
)
CHECKPOINT = "espcn.ckpt"

# %% The graph
with tf.device(ex.device):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    img = tf.reshape(x, [-1, 28, 28, 1])
    x_small = tf.image.resize_bicubic(img, [14, 14])
    x_small = tf.placeholder_with_default(x_small, [None, None, None, 1])  # --image feeds a picture of any size
    size = 2 * tf.shape(x_small)[1:3]
    enlarged = {  # what needs no network
        "bicubic": tf.image.resize_bicubic(x_small, size),
        "nearest": tf.image.resize_nearest_neighbor(x_small, size),
        "bilinear": tf.image.resize_bilinear(x_small, size),
    }
    net = tf.layers.conv2d(x_small, 64, 5, padding="same", activation=tf.nn.relu)
    net = tf.layers.conv2d(net, 32, 3, padding="same", activation=tf.nn.relu)
    net = tf.layers.conv2d(net, 4, 3, padding="same", activation=tf.nn.relu if ex.output == "relu" else None)
    y_img = tf.depth_to_space(net, 2)
    enlarged["ESPCN"] = tf.clip_by_value(y_img, 0, 1)

    cost = tf.reduce_mean(tf.square(img - y_img))
    global_step = tf.train.create_global_step()
    learning_rate = tf.constant(ex.learning_rate)
    if ex.decay:  # down to 1 % of the rate at the end, along half a wave of the cosine
        learning_rate = tf.train.cosine_decay(ex.learning_rate, global_step, ex.epochs * ex.batches, alpha=0.01)
    optimizer = tf.train.AdamOptimizer(learning_rate).minimize(cost, global_step)

parameters = sum(v.shape.num_elements() for v in tf.trainable_variables())
print(img.shape, f"{parameters:,} parameters")

# %% With --image: the network of the last run at work
if ex.image:
    enlarge_photo(ex, CHECKPOINT, x_small, enlarged, factor=2, white=1)
    sys.exit()

# %% Training
digits = mnist.load(ex.data, one_hot=True)
saver = tf.train.Saver(save_relative_paths=True)
path = ex.checkpoint(CHECKPOINT)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    train = sess.make_callable([optimizer, cost], [x])
    validate = sess.make_callable(cost, [x])
    for epoch in ex.resumable(range(ex.epochs), sess, saver):
        started = time.perf_counter()
        costs = [train(digits.train.next_batch(ex.batch_size)[0])[1] for _ in range(ex.batches)]
        rate = ex.batches / (time.perf_counter() - started)
        ex.record(
            (epoch + 1) * ex.batches,
            cost=np.mean(costs),
            validation_cost=validate(digits.validation.images[:1000]),
            steps_per_second=rate,
        )
        if epoch % ex.display_step == 0 or epoch + 1 == ex.epochs:
            ex.log(f"Epoch: {epoch + 1:04d} cost= {costs[-1]:.9f}   {rate:.0f} steps/s")
    print("Model saved in file:", saver.save(sess, path))

# %% Restored: all methods on the test digits
with ex.session() as sess:
    saver.restore(sess, path)
    originals, small, made = sess.run([img, x_small, enlarged], {x: digits.test.images[: ex.measured]})
bicubic_error = np.mean(np.square(originals - made["bicubic"]))
originals, small = (as_pixels(255 * pictures)[..., 0] for pictures in (originals, small))
made = {name: as_pixels(255 * pictures)[..., 0] for name, pictures in made.items()}
print(f"the first {len(originals)} test digits:")
measured = measure(originals, made)

# %% Figures: ten test digits (figure 12-13), and the cost
rows = {"original": originals, "14×14": small} | made
ex.figure(figures.image_rows({name: pictures[:10] / 255 for name, pictures in rows.items()}), "figure_12_13")
lines = {"training": ex.history["cost"], "validation": ex.history["validation_cost"]}
ends = [lines["training"][0][0], lines["training"][-1][0]]
lines["bicubic, test digits"] = [[step, bicubic_error] for step in ends]
ex.figure(figures.curves(lines, xlabel="step", ylabel="mean squared error", log=True), "cost")

# %% Results
ex.report("parameters", parameters, book=21284)
report(ex, measured, "ESPCN")
ex.report("cost, last epoch", ex.history["cost"][-1][1])
ex.report("training steps per second", ex.history["steps_per_second"][-1][1])
ex.finish()
