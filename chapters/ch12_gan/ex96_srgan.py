"""Example 96 · SRGAN ×4 on flowers (使用 SRGAN 实现 flowers 数据集的超分辨率修复)

Book:      intro 12.8.5 and 12.8.6, listing 12-9
Data:      flowers, as in 95, whose trained network it starts from; features by VGG-19 trained on ImageNet, or where its
           weights cannot be had by EfficientNet-Lite0 from a package (--weights FILE names your own file of VGG-19).
           --images FOLDER trains on your own pictures, --image FILE enlarges one with the network trained last
Model:     generator: the residual ESPCN of 95; discriminator: 8 convolutions and 2 fully connected layers
Shows:     three losses: pixels, features of a pretrained network, and a discriminator that judges patches. The pictures
           get sharper and PSNR falls, as it must in a GAN: both are reported, beside the network of 95
Departs:   as 95, whose range of pixels (0 to 1) and way of shrinking stay: the book feeds that network values from −1
           to 1. The pixels' own loss is in, as in 12.8.5; features are measured in parts of their size, and the
           discriminator weighs 0.001, as in the paper (Ledig et al., 2017). Real and made pictures go through its batch
           norm apart, and its variables are named: the book's list of "all but the generator's" holds VGG's 38 too. Its
           fully connected layers judge each place by itself, as the listing's do. The checkpoint does not hold the
           pretrained network. A line of the log is of one set of held-out pictures. Values are clipped before they are
           shown
Time:      18 min on 2 CPU cores shared with much other work
"""

import sys
import time

import numpy as np
from _super_resolution import batch_mse_psnr, batch_ssim, discriminator, enlarge, residual_espcn, shrink
from _super_resolution_pictures import Crops, as_pixels, details, measure, middles, panels, report, sharpness
from _super_resolution_use import enlarge_photo, saved_network, trained_settings

from utils import figures, pretrained
from utils.data import flowers
from utils.example import Example
from utils.problems import write_json
from utils.tf1 import tf

ex = Example(
    __doc__,
    steps=200,
    batch_size=4,
    crop=96,
    learning_rate=0.0001,
    pixel_weight=1.0,
    features_weight=0.02,
    adversarial_weight=0.001,
    scaled_features=True,
    weights="",
    display_step=20,
    pictures=1000,
    held_out=35,
    held_out_edge=256,
    images="",
    image="",
    quick={
        "steps": 8,
        "batch_size": 2,
        "display_step": 4,
        "crop": 48,
        "pictures": 40,
        "held_out": 2,
        "held_out_edge": 96,
    },
    book={
        "steps": 8000,
        "batch_size": 16,
        "crop": 256,
        "learning_rate": 0.001,
        "pixel_weight": 0.0,
        "features_weight": 1.0,
        "adversarial_weight": 1.0,
        "scaled_features": False,
        "display_step": 100,
        "pictures": 3320,
        "held_out": 350,
    },
)
CHECKPOINT = "srgan.ckpt"
# A second layer to compare pictures in, which the training does not see.
OTHER_LAYERS = {"vgg19": "conv3_4", "efficientnet_lite0": "b10"}
NETWORK = "network.json"

# The network of 95 is the start; what it was trained with, this example must use too.
if ex.image:
    network = saved_network(ex, NETWORK)
else:
    start, network = ex.checkpoint_of("95", "residual_espcn.ckpt"), trained_settings("95")
print(f"generator: {network['blocks']} residual blocks")

# %% The generator: in and out are pixels from 0 to 1, as in 95
with tf.device(ex.device):
    images = tf.placeholder(tf.float32, [None, None, None, 3], name="images")  # 0 to 255
    training = tf.placeholder_with_default(False, [], name="training")
    x_smalls = shrink(images, 4, network["shrink"])
    enlarged = enlarge(x_smalls, 4, network["shrink"])
    result = 255 * residual_espcn(x_smalls / 255, network["blocks"], training)
    if network["base"] == "bicubic":
        result += enlarged["bicubic"]
    enlarged["SRGAN"] = tf.clip_by_value(result, 0, 255)
generator_saver = tf.train.Saver(tf.global_variables())

# %% With --image: the network of the last run at work
if ex.image:
    enlarge_photo(ex, CHECKPOINT, x_smalls, enlarged, factor=4)
    sys.exit()

# %% The three losses
features = pretrained.load(ex.data, "vgg19", ex.weights, top=False)
content_layer = features.content_layer
other_layer = OTHER_LAYERS[features.name]
with tf.device(ex.device):
    dbatch = tf.concat([images, result], 0)
    mse, psnr = batch_mse_psnr(tf.clip_by_value(dbatch, 0, 255))
    ssim = batch_ssim(dbatch)

    distances = {}
    for layer, activations in features.build(dbatch, [content_layer, other_layer]).items():
        real, made = tf.split(activations, 2)
        distances[layer] = tf.reduce_mean(tf.square(real - made))
        if ex.scaled_features:  # in parts of the features' own size, so that one weight suits any network
            distances[layer] /= tf.reduce_mean(tf.square(real))
    content_loss = distances[content_layer]
    pixel_loss = tf.reduce_mean(tf.square((images - result) / 255))

    D_x, D_G_z = discriminator(images / 255), discriminator(result / 255)
    adversarial_loss = tf.reduce_mean(tf.square(D_G_z - 1))
    gen_loss = (
        ex.pixel_weight * pixel_loss + ex.features_weight * content_loss + ex.adversarial_weight * adversarial_loss
    )
    disc_loss = tf.reduce_mean(tf.square(D_x - 1)) + tf.reduce_mean(tf.square(D_G_z))

    G_vars = tf.trainable_variables("generator")
    D_vars = tf.trainable_variables("Discriminator")
    global_step = tf.train.create_global_step()  # counts the steps of both, as in the book
    D_solver = tf.train.AdamOptimizer(ex.learning_rate).minimize(disc_loss, global_step, D_vars)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS, "generator")):  # the running means
        G_solver = tf.train.AdamOptimizer(ex.learning_rate).minimize(gen_loss, global_step, G_vars)
    look = [mse, psnr, ssim, gen_loss, disc_loss, content_loss, adversarial_loss]

D_parameters = sum(v.shape.num_elements() for v in D_vars)
print(f"generator {len(G_vars)} trainable tensors, discriminator {len(D_vars)} with {D_parameters:,} parameters")

# %% The pictures
data = flowers.load(ex.data, ex.images)
crops = Crops(ex.data, data.train.files[: ex.pictures], ex.crop)
held_out = middles(data.validation.files, ex.held_out_edge, ex.held_out)
parts = np.array_split(held_out, -(-len(held_out) // 4))
probe = held_out[:: max(1, len(held_out) // 4)]
print(f"{len(crops.pictures)} training pictures in memory, {len(held_out)} held out, {held_out.shape[1:]}")

# %% Training: a step of the discriminator, then one of the generator
saver = tf.train.Saver(max_to_keep=1, save_relative_paths=True)
path = ex.checkpoint(CHECKPOINT)
if not ex.resumed:
    write_json(ex.checkpoints / NETWORK, {key: network[key] for key in ("blocks", "shrink", "base")})
log_file = ex.logs / "info.train"
ex.logs.mkdir(parents=True, exist_ok=True)
with ex.session() as sess:
    sess.run(tf.global_variables_initializer())
    features.initialise(sess)
    generator_saver.restore(sess, start)
    before = np.concatenate([sess.run(enlarged["SRGAN"], {images: part}) for part in parts])
    train_D = sess.make_callable(D_solver, [images, training])
    train_G = sess.make_callable(G_solver, [images, training])
    validate = sess.make_callable(look, [images])
    names = ("mse", "psnr", "ssim", "gen_loss", "disc_loss", "content_loss", "adversarial_loss")
    seconds = laps = 0
    for step in ex.resumable(range(ex.steps), sess, saver, unit="step", every=ex.display_step):
        if step == 0:
            ex.record(0, **dict(zip(names, validate(probe), strict=True)))
        batch = crops.next_batch(ex.batch_size)
        started = time.perf_counter()
        train_D(batch, True)
        train_G(batch, True)
        seconds, laps = seconds + time.perf_counter() - started, laps + 1
        done = step + 1
        if done % ex.display_step == 0 or done == ex.steps:
            ex.record(done, **dict(zip(names, validate(probe), strict=True)), steps_per_second=laps / seconds)
            figures_now = "  ".join(f"{name} {ex.history[name][-1][1]:.6g}" for name in names[:5])
            line = f"step {2 * done}  {figures_now}   {laps / seconds:.2f} steps/s"
            ex.log(line)
            with log_file.open("a", encoding="utf-8") as stream:
                stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {line}\n")
    print("training finished; model saved in file:", saver.save(sess, path))

# %% Restored: all methods on the held-out pictures
with ex.session() as sess:
    features.initialise(sess)
    saver.restore(sess, path)
    run = sess.make_callable([x_smalls, enlarged], [images])
    smalls, made = zip(*(run(part) for part in parts), strict=True)
    smalls = as_pixels(np.concatenate(smalls))
    last = np.concatenate([part["SRGAN"] for part in made])
    made = {name: np.concatenate([part[name] for part in made]) for name in enlarged if name != "SRGAN"}
    made = {name: as_pixels(pictures) for name, pictures in (made | {"ResESPCN": before, "SRGAN": last}).items()}
    compare = sess.make_callable(distances, [images, result])
    far = {}  # how far from the originals the features are
    for name, pictures in made.items():
        found = [compare(part, other) for part, other in zip(parts, np.array_split(pictures, len(parts)), strict=True)]
        far[name] = {layer: float(np.mean([part[layer] for part in found])) for layer in distances}
measured = measure(held_out, made)
sharp = {name: sharpness(pictures, held_out) for name, pictures in made.items()}
for name in made:
    print(f"  {name:9} sharpness {sharp[name]:.3f}  " + "  ".join(f"{k} {v:.4f}" for k, v in far[name].items()))

# %% Figures: all panels of a held-out picture (figure 12-17), details, the losses
one = len(held_out) // 2
each = {name: pictures[one] for name, pictures in made.items()}
ex.figure(panels(held_out[one], smalls[one], each, measured), "figure_12_17")
ex.figure(details({"original": held_out} | {n: made[n] for n in ("bicubic", "ResESPCN", "SRGAN")}, edge=96), "details")
lines = {name: ex.history[name] for name in ("gen_loss", "disc_loss", "content_loss", "adversarial_loss")}
ex.figure(figures.curves(lines, xlabel="step", ylabel="loss on held-out pictures", log=True), "losses")

# %% Results
ex.report("trainable tensors of the generator", len(G_vars), book=74)
ex.report("trainable tensors of the discriminator", len(D_vars))
ex.report("parameters of the discriminator", D_parameters, book=5210177)
report(ex, measured, "SRGAN")
for name in made:
    ex.report(f"sharpness, {name}", sharp[name])
for layer in distances:
    for name in made:
        ex.report(f"distance in {layer} of {features.title}, {name}", far[name][layer])
ex.report("training steps per second", ex.history["steps_per_second"][-1][1])
ex.finish()
