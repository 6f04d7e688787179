"""Section 11.9 · NASNet (机器自己设计的模型)

Book:      intro 11.9, figure 11-26
Data:      a photo, china.jpg of scikit-learn or yours (--image); the published weights of NASNet, downloaded. Without
           a network EfficientNet-Lite0 looks at the photo, and NASNet is built with random weights to be measured
Shows:     NASNet-A mobile and large: how many normal and reduction cells, what each cell is made of, how the picture
           shrinks, what they cost; the cells drawn; and the photo's classes. --network nasnet_large takes the large one
Departs:   "reduction cell" is translated as restore layer in the book: it halves height and width. The 74 % of the
           mobile network are not measured here: that needs ImageNet's pictures. _mobile_imagenet_config and
           _large_imagenet_config, which the book names, are private in slim's nasnet.py, and lost the underscore later;
           here Keras's public NASNetMobile and NASNetLarge build the two
Time:      53 s on 2 CPU cores, beside another run
"""

import re
import warnings

import _costs as costs
import matplotlib.pyplot as plt

from utils import pretrained
from utils.example import Choice, Example
from utils.photo import load_photo
from utils.tf1 import tf

ex = Example(
    __doc__,
    network=Choice("nasnet_mobile", "nasnet_large"),
    image="",
    weights="",
    build_large=True,
    quick={"build_large": False},
)

# %% The two networks of the book, built as Keras has them: name → (application, edge of the picture)
SIZES = {"mobile": ("NASNetMobile", 224), "large": ("NASNetLarge", 331)}
# The published size of each: parameters and multiply-adds, in the paper's table (Zoph et al., arXiv:1707.07012).
PAPER = {"mobile": (5.3e6, 564e6), "large": (88.9e6, 23.8e9)}


def survey(application, edge):
    """Build a network in a graph of its own and return its cells in order, its parameters and its multiply-adds."""
    with tf.Graph().as_default(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf.keras.backend.set_learning_phase(0)
        pixels = tf.placeholder(tf.float32, [1, edge, edge, 3])
        model = getattr(tf.keras.applications, application)(
            weights=None, input_tensor=tf.keras.layers.Input(tensor=pixels)
        )
        cells = {
            layer.name: layer.output.shape.as_list()[1:]
            for layer in model.layers
            if re.match(r"(normal|reduction)_concat_", layer.name)
        }
        layers = [layer.name for layer in model.layers]
        return cells, model.count_params(), costs.multiply_adds(), layers


found = {}
for name, (application, edge) in SIZES.items():
    if name == "mobile" or ex.build_large:
        found[name] = survey(application, edge)
        cells, count, operations, layers = found[name]
        normal = [cell for cell in cells if cell.startswith("normal")]
        print(
            f"NASNet-A {name}, {edge}×{edge}: {len(normal)} normal cells, {len(cells) - len(normal)} reduction cells, ",
            end="",
        )
        print(f"{count:,} parameters, {operations:,} multiply-adds")
        for cell, shape in cells.items():
            print(f"  {cell:28}{shape}")

# %% The cells: five blocks, each the sum of two branches; h is the cell before, p the one before that
CELLS = {
    "normal": {
        "x1": ("h: sep 5×5", "p: sep 3×3"),
        "x2": ("p: sep 5×5", "p: sep 3×3"),
        "x3": ("h: avg 3×3", "p"),
        "x4": ("p: avg 3×3", "p: avg 3×3"),
        "x5": ("h: sep 3×3", "h"),
    },
    "reduction": {
        "x1": ("h: sep 5×5 /2", "p: sep 7×7 /2"),
        "x2": ("h: max 3×3 /2", "p: sep 7×7 /2"),
        "x3": ("h: avg 3×3 /2", "p: sep 5×5 /2"),
        "x4": ("x1: avg 3×3", "x2"),
        "x5": ("x1: sep 3×3", "h: max 3×3 /2"),
    },
}
ENDS = {"normal": ["p", "x1", "x2", "x3", "x4", "x5"], "reduction": ["x2", "x3", "x4", "x5"]}
layers = found["mobile"][3]
for kind, blocks in CELLS.items():
    print(f"{kind} cell: " + "; ".join(f"{name} = {a} + {b}" for name, (a, b) in blocks.items()))
    print(f"{'':6}concatenated: {', '.join(ENDS[kind])}")


def in_graph(kind, cell):
    """Count, in the network that was built, the separable branches and the poolings of one cell."""
    separable = [name for name in layers if re.match(rf"separable_conv_1_{kind}_\w+{cell}$", name)]
    pools = [name for name in layers if re.match(rf"{kind}_(left|right)\d{cell}$", name)]
    return len(separable), len(pools)


def in_table(kind):
    """Count the same in the table above."""
    branches = [branch for block in CELLS[kind].values() for branch in block]
    separable = sum("sep" in branch for branch in branches)
    return separable, sum("avg" in branch or "max" in branch for branch in branches)


# %% Which classes the photo shows, by the weights that are there
network = pretrained.load(ex.data, ex.network, ex.weights)
photo, source = load_photo(ex.image)
with tf.Graph().as_default() as graph:
    pixels = tf.placeholder(tf.float32, [1, network.input_size, network.input_size, 3])
    tensors = network.build(pixels, ["probabilities"])
    with ex.session(graph) as sess:
        network.initialise(sess)
        probabilities = sess.run(tensors["probabilities"], {pixels: network.preprocess([photo])})[0]
best = network.top(probabilities)
print(f"{network.title} on {source}:")
for name, probability in best:
    print(f"  {probability:.4f}  {name}")

# %% Figures: the cells (figure 11-26), how the picture shrinks, the photo
figure, axes = plt.subplots(1, 2, figsize=(13, 4.6))
box = {"boxstyle": "round,pad=0.3", "facecolor": "#dce8f5", "edgecolor": "#30507a"}
for axis, (kind, blocks) in zip(axes, CELLS.items(), strict=True):
    for column, (name, both) in enumerate(blocks.items()):
        axis.text(column, 2, f"{name} = sum", ha="center", va="center", fontsize=9, bbox=box)
        for side, height, branch in zip((-0.2, 0.2), (0.75, 1.25), both, strict=True):
            axis.plot([column, column + side], [2, height], color="grey", zorder=0)
            axis.text(column + side, height, branch, ha="center", va="center", fontsize=8, bbox=box)
        if name in ENDS[kind]:
            axis.plot([column, 2], [2, 3], color="grey", zorder=0)
    axis.text(2, 3, f"concat: {', '.join(ENDS[kind])}", ha="center", va="center", fontsize=9, bbox=box)
    axis.text(2, 0.2, "h: the cell before; p: the one before that", ha="center", fontsize=9)
    axis.set(xlim=(-0.6, 4.6), ylim=(0, 3.4), title=f"{kind} cell")
    axis.axis("off")
figure.tight_layout()
ex.figure(figure, "cells")

figure, axes = plt.subplots(1, len(found), figsize=(6.4 * len(found), 4), squeeze=False)
for axis, (name, (cells, *_)) in zip(axes.flat, found.items(), strict=True):
    colours = ["tab:orange" if cell.startswith("reduction") else "tab:blue" for cell in cells]
    axis.bar(range(len(cells)), [shape[0] for shape in cells.values()], color=colours)
    axis.set(title=f"NASNet-A {name}: orange cells reduce", xlabel="cell", ylabel="edge of the maps, pixels")
figure.tight_layout()
ex.figure(figure, "shrinking")

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6))
axes[0].imshow(photo)
axes[0].axis("off")
axes[1].barh([name.split(",")[0] for name, _ in best][::-1], [probability for _, probability in best][::-1])
axes[1].set(xlim=(0, 1), xlabel="probability", title=network.title)
figure.tight_layout()
ex.figure(figure, "photo")

# %% Results
for name, (cells, count, operations, _) in found.items():
    normal = sum(cell.startswith("normal") for cell in cells)
    ex.report(f"normal cells of {name}", normal)
    ex.report(f"reduction cells of {name}", len(cells) - normal)
    ex.report(f"parameters of {name}", count)
    ex.report(f"parameters of {name} over the paper's", count / PAPER[name][0])
    ex.report(f"multiply-adds of {name}", operations)
    ex.report(f"multiply-adds of {name} over the paper's", operations / PAPER[name][1])
for kind, cell in (("normal", "_1"), ("reduction", "_reduce_4")):
    ex.report(f"{kind} cell: separable branches, poolings in the graph", in_graph(kind, cell))
    ex.report(f"{kind} cell: separable branches, poolings in the table", in_table(kind))
ex.report("network that looked at the photo", network.title)
ex.report("likeliest class", best[0][0])
ex.report("its probability", best[0][1])
ex.finish()
