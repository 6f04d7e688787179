"""Section 11.2 · NIN, global average pooling and Inception v1–v4 (GoogLeNet 模型介绍)

Book:      intro 11.2.1–11.2.7, figures 11-1 to 11-6
Data:      random numbers
Shows:     each module built, its branches' shapes, its parameters and multiply-adds counted in the graph; that NIN's
           mlpconv is a convolution and 1×1 convolutions; global average pooling beside a fully connected layer; the
           bottleneck of 589,824 and 69,632 multiply-adds; that two 3×3 see what a 5×5 sees; that 1×n and n×1 make
           kernels of rank one only; AlexNet, VGG and Inception whole
Departs:   the bottleneck's numbers stand in the book under the 1×n factorisation, but are those of 1×1 reductions, and
           its "almost 1/10" is 1/8.5. A factorised n×n is another, cheaper layer, not the same one. Inception v4 has no
           residual connections: the book says both. NIN's tenth of AlexNet's parameters is an eighth here. Inception
           v1 has 7.0 million, not 5, and slim's version of it, with 3×3 for the 5×5, 6.6; slim's AlexNet is v2, without
           the two halves
Time:      13 s on 2 CPU cores (beside other work)
"""

import _costs as costs
import matplotlib.pyplot as plt
import models
import numpy as np

from utils.contrib import slim
from utils.example import Example
from utils.tf1 import tf

ex = Example(__doc__, whole_networks=True, quick={"whole_networks": False})
own_random = np.random.default_rng(ex.seed)
names = {}  # module → (input, branches, output), for the diagrams
table = {}  # module → (parameters, multiply-adds)


def build(name, scope, module, shape, *arguments):
    """Build a module on a placeholder of `shape` and count what it costs."""
    with tf.variable_scope(scope):
        start = tf.placeholder(tf.float32, shape, name="input")
        branches, output = module(start, *arguments)
    table[name] = costs.parameters(f"{scope}/"), costs.multiply_adds(f"{scope}/")
    names[name] = start, branches, output
    ends = " + ".join(str(end.shape[3]) for *_, end in branches)
    print(f"  {name:24}{shape[1]:3}×{shape[2]}×{shape[3]:<5}→ {ends} = {output.shape[3]} channels")
    print(f"  {'':24}{table[name][0]:>12,} parameters {table[name][1]:>14,} multiply-adds")
    return output


# %% 11.2.2 Mlpconv: a small network slid over the picture equals a convolution followed by 1×1 convolutions
picture = tf.constant(own_random.normal(size=(1, 12, 12, 8)), tf.float32)
with tf.variable_scope("mlpconv"):
    as_convolutions = models.mlpconv(picture, 16, 3, (16, 10))
    kernels = [v for v in tf.trainable_variables("mlpconv") if "kernel" in v.name]
patches = tf.image.extract_patches(picture, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
as_network = tf.reshape(patches, [-1, 3 * 3 * 8])  # one row for each place: what the small network sees there
for kernel in kernels:
    as_network = tf.nn.relu(as_network @ tf.reshape(kernel, [-1, kernel.shape[3]]))
mlp_difference = tf.reduce_max(tf.abs(tf.reshape(as_network, [1, 12, 12, 10]) - as_convolutions))

# %% 11.2.3 Global average pooling: one value for each map, with a filter as large as the map
CLASSES = 1000
maps = tf.constant(own_random.normal(size=(1, 6, 6, CLASSES)), tf.float32)
as_pooling = tf.nn.avg_pool2d(maps, ksize=6, strides=1, padding="VALID")
gap_difference = tf.reduce_max(tf.abs(as_pooling[:, 0, 0] - tf.reduce_mean(maps, axis=[1, 2])))
with tf.variable_scope("gap_head"):  # 384 channels, as in NIN and AlexNet, to 1000 classes
    models.conv(tf.placeholder(tf.float32, [1, 6, 6, 384]), CLASSES, 1)
with tf.variable_scope("dense_head"):  # AlexNet's three layers
    net = tf.reshape(tf.placeholder(tf.float32, [1, 6, 6, 256]), [1, -1])
    for width in (4096, 4096, CLASSES):
        net = tf.layers.dense(net, width)
heads = [costs.parameters(scope) for scope in ("gap_head/", "dense_head/")]

with tf.variable_scope("nin"):  # figure 11-2: four mlpconv layers, then the pooling; no fully connected layer
    net = tf.placeholder(tf.float32, [1, 224, 224, 3])
    for filters, kernel, stride in ((96, 11, 4), (256, 5, 1), (384, 3, 1)):
        net = models.pool(models.mlpconv(net, filters, kernel, (filters, filters), stride), stride=2)
    nin_maps = models.mlpconv(net, 1024, 3, (1024, CLASSES))
    nin_output = tf.reduce_mean(nin_maps, axis=[1, 2])
nin = costs.parameters("nin/")

# %% The bottleneck: from 256 to 256 channels, at one place
with tf.variable_scope("direct"):
    one_place = tf.placeholder(tf.float32, [1, 1, 1, 256])
    models.conv(one_place, 256, 3)
with tf.variable_scope("bottleneck"):
    narrow = models.conv(one_place, 64, 1)
    models.conv(models.conv(narrow, 64, 3), 256, 1)
direct, bottleneck = (costs.multiply_adds(scope) for scope in ("direct/", "bottleneck/"))

# %% 11.2.4–11.2.7 The Inception modules, the first three on the same input as GoogLeNet's inception (3a)
print("Modules:")
build("original", "original", models.inception_original, [1, 28, 28, 192], 64, 128, 32)
build("v1", "v1", models.inception_v1, [1, 28, 28, 192], *models.GOOGLENET[0])
build("v2", "v2", models.inception_v2, [1, 28, 28, 192], *models.GOOGLENET[0])
build("v3, 35×35", "v3_35", models.inception_v3_35, [1, 35, 35, 192], 32)
build("v3, 17×17", "v3_17", models.inception_v3_17, [1, 17, 17, 768], 128)
build("v3, 8×8", "v3_8", models.inception_v3_8, [1, 8, 8, 1280])
build("v4, stem", "v4_stem", models.inception_v4_stem, [1, 299, 299, 3])
build("v4, A", "v4_a", models.inception_v4_a, [1, 35, 35, 384])
build("v4, reduction A", "v4_ra", models.inception_v4_reduction_a, [1, 35, 35, 384])
build("v4, B", "v4_b", models.inception_v4_b, [1, 17, 17, 1024])
build("v4, reduction B", "v4_rb", models.inception_v4_reduction_b, [1, 17, 17, 1024])
build("v4, C", "v4_c", models.inception_v4_c, [1, 8, 8, 1536])
times = {"v4, stem": 1, "v4, A": 4, "v4, reduction A": 1, "v4, B": 7, "v4, reduction B": 1, "v4, C": 3}
v4_whole = sum(times[name] * table[name][0] for name in times) + (1536 + 1) * CLASSES

# %% 11.2.5 Two 3×3 see what a 5×5 sees: the pixels that the middle of the output depends on
EDGE = 11
seen = {}
for name, kernels in {"one 5×5": (5,), "two 3×3": (3, 3), "1×5 and 5×1": ((1, 5), (5, 1))}.items():
    with tf.variable_scope(f"seen_{len(seen)}"):
        start = tf.placeholder(tf.float32, [1, EDGE, EDGE, 1], name="input")
        net = start
        for kernel in kernels:  # linear, one channel, all weights positive, so that nothing cancels
            net = tf.layers.conv2d(net, 1, kernel, padding="same", use_bias=False, kernel_initializer=tf.ones)
        seen[name] = tf.gradients(net[0, EDGE // 2, EDGE // 2, 0], start)[0], costs.parameters(f"seen_{len(seen)}/")

# %% 11.2.6 1×n and n×1: together they are one n×n convolution, but only of a kernel of rank one
N = 7
row, column = own_random.normal(size=(2, N)).astype(np.float32)
outer = np.outer(column, row)
grey = tf.constant(own_random.normal(size=(1, 20, 20, 1)), tf.float32)
in_two = tf.nn.conv2d(grey, row.reshape(1, N, 1, 1), strides=1, padding="VALID")
in_two = tf.nn.conv2d(in_two, column.reshape(N, 1, 1, 1), strides=1, padding="VALID")
in_one = tf.nn.conv2d(grey, outer.reshape(N, N, 1, 1), strides=1, padding="VALID")
factor_difference = tf.reduce_max(tf.abs(in_two - in_one))
point = np.zeros((1, 2 * N - 1, 2 * N - 1, 1), np.float32)
point[0, N - 1, N - 1] = 1  # what two layers make of a single point is the kernel that they are together, upside down
in_two_kernel = tf.nn.conv2d(point, row.reshape(1, N, 1, 1), strides=1, padding="VALID")
in_two_kernel = tf.nn.conv2d(in_two_kernel, column.reshape(N, 1, 1, 1), strides=1, padding="VALID")[0, :, :, 0]

any_kernel = own_random.normal(size=(N, N))
left, values, right = np.linalg.svd(any_kernel)
best = values[0] * np.outer(left[:, 0], right[0])  # the nearest kernel that the two thin ones can make
lost = np.linalg.norm(any_kernel - best) / np.linalg.norm(any_kernel)

with ex.session() as sess:
    sess.run(tf.variables_initializer([v for v in tf.global_variables() if v.name.startswith(("mlpconv/", "seen_"))]))
    feeds = {
        tf.get_default_graph().get_tensor_by_name(f"seen_{i}/input:0"): np.zeros((1, EDGE, EDGE, 1)) for i in (0, 1, 2)
    }
    differences = sess.run([mlp_difference, gap_difference, factor_difference])
    kernel_rank = int(np.linalg.matrix_rank(sess.run(in_two_kernel)))
    fields = sess.run({name: gradient for name, (gradient, _) in seen.items()}, feeds)
fields = {name: field[0, :, :, 0] for name, field in fields.items()}

print(f"mlpconv as a network slid over the picture and as convolutions: they differ by {differences[0]:.1e}")
print(f"average pooling over the whole map and the mean: they differ by {differences[1]:.1e}")
print(f"parameters up to {CLASSES} classes: pooled {heads[0]:,}, fully connected {heads[1]:,}")
print(f"NIN has {nin:,} parameters; its last maps are {nin_maps.shape.as_list()[1:]}, its output {nin_output.shape[1]}")
print(f"256 → 256 channels, 3×3: {direct:,} multiply-adds at a place; through 64 channels {bottleneck:,}")
for name, field in fields.items():
    print(f"{name}: sees {np.count_nonzero(field)} pixels with {seen[name][1]} weights")
print(f"1×{N} and {N}×1, a kernel of rank {kernel_rank}, against their product: they differ by {differences[2]:.1e}")
print(f"a random {N}×{N} kernel has rank {np.linalg.matrix_rank(any_kernel)}; the nearest of rank 1 misses {lost:.0%}")
print(f"Inception v4, put together from its modules: {v4_whole:,} parameters")

# %% Whole networks: as published, put together from models.py, and as slim has them
whole = {}
if ex.whole_networks:
    from tf_slim.nets import alexnet, inception, vgg

    NETWORKS = {  # the function that builds it, the settings of its layers (its arg_scope), the edge of the picture
        "AlexNet": (models.alexnet, dict, 227),
        "AlexNet, slim's v2": (alexnet.alexnet_v2, alexnet.alexnet_v2_arg_scope, 224),
        "VGG-16": (vgg.vgg_16, vgg.vgg_arg_scope, 224),
        "Inception v1": (models.googlenet, dict, 224),
        "Inception v1, slim's": (inception.inception_v1, inception.inception_v1_arg_scope, 224),
        "Inception v3": (inception.inception_v3, inception.inception_v3_arg_scope, 299),
    }
    for name, (network, settings, edge) in NETWORKS.items():
        with tf.Graph().as_default(), slim.arg_scope(settings()):
            network(tf.placeholder(tf.float32, [1, edge, edge, 3]), CLASSES)
            # Without the classifier on the side of v3, which only helps to train it
            of = {v.name: v.shape.num_elements() for v in tf.trainable_variables() if "AuxLogits" not in v.name}
            dense = sum(n for key, n in of.items() if key.startswith("fc") or "/fc" in key or "Logits/" in key)
            operations = costs.multiply_adds() - costs.multiply_adds("InceptionV3/AuxLogits")
        whole[name] = sum(of.values()), operations, dense / sum(of.values())
        print(f"{name:20}{whole[name][0]:>13,} parameters, {whole[name][2]:.0%} of them fully connected, ", end="")
        print(f"{operations:>15,} multiply-adds")

# %% Figures: block diagrams of what was built (11-3 to 11-6), the costs, kernels and what they see
drawn = {name: module for name, module in names.items() if name != "v4, stem"}  # it is a chain of three modules
ex.figure(costs.diagrams(drawn, columns=3), "modules")

figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True)
for axis, place, what in zip(axes, (0, 1), ("parameters", "multiply-adds"), strict=True):
    axis.barh(list(table), [costs_of[place] / 1e6 for costs_of in table.values()])
    axis.set_xlabel(f"million {what}")
    axis.grid(alpha=0.3, axis="x")
axes[0].invert_yaxis()
figure.tight_layout()
ex.figure(figure, "costs")

figure, axes = plt.subplots(2, 3, figsize=(8, 5.6))
for axis, (name, field) in zip(axes[0], fields.items(), strict=True):
    axis.imshow(field, cmap="Blues")
    axis.set_title(f"{name}: {np.count_nonzero(field)} pixels", fontsize=9)
limits = {"vmin": -3, "vmax": 3, "cmap": "RdBu"}
for axis, (title, kernel) in zip(
    axes[1],
    {f"any {N}×{N} kernel": any_kernel, "the nearest of rank 1": best, "what is lost": any_kernel - best}.items(),
    strict=True,
):
    axis.imshow(kernel, **limits)
    axis.set_title(title, fontsize=9)
for axis in axes.flat:
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "kernels")

# %% Results
ex.report("mlpconv, largest difference from a network slid over the picture", differences[0])
ex.report("global average pooling, largest difference from the mean", differences[1])
ex.report("parameters of the pooled head", heads[0])
ex.report("parameters of AlexNet's fully connected layers", heads[1])
ex.report("parameters of NIN", nin)
ex.report("multiply-adds at a place, 3×3 on 256 channels", direct, book=589_000, tolerance=1000)
ex.report("multiply-adds at a place, through 64 channels", bottleneck, book=70_000, tolerance=1000)
ex.report("how many times fewer", direct / bottleneck, book=10, tolerance=1)
for name, (count, operations) in table.items():
    ex.report(f"parameters of {name}", count)
    ex.report(f"multiply-adds of {name}", operations)
    ex.report(f"output of {name}", names[name][2].shape.as_list()[1:])
for name, field in fields.items():
    ex.report(f"pixels that {name} sees", int(np.count_nonzero(field)))
    ex.report(f"weights of {name}", seen[name][1])
ex.report("1×n and n×1, largest difference from their product", differences[2])
ex.report("rank of the kernel that 1×n and n×1 make", kernel_rank)
ex.report("share of a random kernel that rank 1 misses", lost)
ex.report("parameters of Inception v4 with 1000 classes", v4_whole)
# Parameters, multiply-adds, share of the fully connected layers; the book's figures are rounded. The tolerances: 60
# million is cut off rather than rounded (AlexNet's own paper has it for 60.97), and "about 90 %" is 85 % to 95 %.
BOOK = {"Inception v1": (5e6, 1.5e9, None), "AlexNet": (60e6, None, 0.9), "VGG-16": (None, None, 0.9)}
for name, (count, operations, dense) in whole.items():
    book = BOOK.get(name, (None, None, None))
    ex.report(f"parameters of {name}, whole", count, book=book[0], tolerance=1e6)
    ex.report(f"multiply-adds of {name}, whole", operations, book=book[1], tolerance=1e8)
    ex.report(f"share of fully connected parameters in {name}", dense, book=book[2], tolerance=0.05)
if whole:
    for name, count, book in (("Inception v1", whole["Inception v1"][0], 12), ("NIN", nin, 10)):
        ex.report(f"AlexNet's parameters over {name}'s", whole["AlexNet"][0] / count, book=book, tolerance=1)
ex.finish()
