"""A small graph as a picture, from its inputs on the left to its result on the right."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


def draw_graph(graph: Any) -> Figure:
    """Draw the operations of `graph` (a ``tf.Graph`` without loops): a box each, an arrow for each tensor."""
    operations = graph.get_operations()  # in an order in which inputs come first
    to_the_end: dict[Any, int] = dict.fromkeys(operations, 0)
    for op in reversed(operations):
        for tensor in op.inputs:
            to_the_end[tensor.op] = max(to_the_end[tensor.op], 1 + to_the_end[op])
    longest = max(to_the_end.values())
    columns = [[op for op in operations if to_the_end[op] == longest - x] for x in range(longest + 1)]
    rows = max(map(len, columns))
    place: dict[Any, tuple[float, float]] = {}
    for x, ops in reversed(list(enumerate(columns))):  # from the end, each beside those that read it
        ops.sort(key=lambda op: sum(place[c][1] for t in op.outputs for c in t.consumers()))
        place |= {op: (x, (rows - len(ops)) / 2 + y) for y, op in enumerate(ops)}
    figure, axis = plt.subplots(figsize=(1.9 * len(columns) + 0.4, 0.9 * rows + 0.4))
    for op, (x, y) in place.items():
        for tensor in op.inputs:
            style = {"arrowstyle": "->", "color": "C0", "shrinkA": 28, "shrinkB": 30}
            axis.annotate("", (x, y), place[tensor.op], arrowprops=style)
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "C1" if op.type == "Const" else "C0"}
        axis.text(x, y, f"{op.name}\n{op.type}", ha="center", va="center", fontsize=9, bbox=box)
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(rows - 0.5, -0.5))
    axis.axis("off")
    figure.tight_layout()
    return figure
