"""What a graph costs: its parameters and its multiply-adds, counted op by op, and block diagrams of what was built."""

import matplotlib.pyplot as plt
import numpy as np

from utils.tf1 import tf

COSTLY = ("Conv2D", "DepthwiseConv2dNative", "MatMul")


def multiply_adds(scope="", graph=None):
    """Count the multiply-adds of the convolutions and matrix products below a name scope, for the static shapes.

    A convolution has one for each place and channel of its output and each number of its kernel; biases, batch norm
    and pooling are not counted, as in the papers. ValueError where a shape is not known.
    """
    total = 0
    for op in (graph or tf.get_default_graph()).get_operations():
        if op.type in COSTLY and op.name.startswith(scope) and not op.name.startswith("gradients"):
            kernel, out = op.inputs[1].shape, op.outputs[0].shape
            if not (kernel.is_fully_defined() and out.is_fully_defined()):
                raise ValueError(f"{op.name} has no fixed shape: {kernel} → {out}")
            numbers = kernel.num_elements()
            total += int(np.prod(out.as_list()[:-1])) * numbers  # each place of the output meets the whole kernel
    return total


def parameters(scope="", graph=None):
    """Count the trainable numbers of the variables below a variable scope."""
    with (graph or tf.get_default_graph()).as_default():
        return sum(v.shape.num_elements() for v in tf.trainable_variables() if v.name.startswith(scope))


def label_of(tensor):
    """Say what made a layer's output: ``3×3 conv, 64``; the layer's last op may be its bias or its activation."""
    op = tensor.op
    while op.type not in (*COSTLY, "MaxPool", "AvgPool", "ConcatV2", "Placeholder"):
        op = op.inputs[0].op
    stride = op.get_attr("strides")[1] if op.type in ("Conv2D", "MaxPool", "AvgPool") else 1
    by = f" /{stride}" if stride > 1 else ""
    if op.type == "Conv2D":
        height, width, _, channels = op.inputs[1].shape.as_list()
        return f"{height}×{width} conv{by}\n{channels}"
    if op.type in ("MaxPool", "AvgPool"):
        edge = op.get_attr("ksize")[1]
        return f"{edge}×{edge} {op.type[:3].lower()} pool{by}"
    return {"ConcatV2": "concat", "Placeholder": "input"}.get(op.type, op.type)


def diagrams(modules, columns=3):
    """Draw block diagrams, the input at the bottom: name → (input, branches, output), each branch a list of tensors."""
    rows = -(-len(modules) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 4.0 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    box = {"boxstyle": "round,pad=0.25", "facecolor": "#dce8f5", "edgecolor": "#30507a"}
    for axis, (name, (start, branches, output)) in zip(axes.flat, modules.items(), strict=False):
        top = max(len(branch) for branch in branches) + 1
        middle = (len(branches) - 1) / 2
        ends, drawn = [], {}
        for column, branch in enumerate(branches):
            below = (middle, 0)
            for level, tensor in enumerate(branch, 1):
                if tensor.name in drawn:  # two branches that begin with the same layers
                    below = drawn[tensor.name]
                    continue
                axis.annotate("", (column, level), below, arrowprops={"arrowstyle": "-", "color": "grey"}, zorder=0)
                axis.text(column, level, label_of(tensor), ha="center", va="center", fontsize=7, bbox=box)
                below = drawn[tensor.name] = (column, level)
            ends.append(below)
        for end in ends:
            axis.annotate("", (middle, top), end, arrowprops={"arrowstyle": "-", "color": "grey"}, zorder=0)
        channels = f"{start.shape[1]}×{start.shape[2]}×{start.shape[3]}"
        axis.text(middle, 0, f"input {channels}", ha="center", va="center", fontsize=8, bbox=box)
        height, width, depth = output.shape.as_list()[1:]
        axis.text(middle, top, f"concat {height}×{width}×{depth}", ha="center", va="center", fontsize=8, bbox=box)
        axis.set(xlim=(-0.7, len(branches) - 0.3), ylim=(-0.5, top + 0.5), title=name)
    figure.tight_layout()
    return figure
