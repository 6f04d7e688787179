"""Figures that many chapters draw: grids of pictures, confusion matrices, curves, points with their line."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def image_grid(
    images: Any,
    labels: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    cmap: str = "gray",
    size: float = 1.4,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Figure:
    """Draw pictures side by side.

    `images`: [n, height, width], [n, height, width, 1] or [n, height, width, 3], at least one. `labels`: a line under
    each. `columns` defaults to a square grid, `size` is the edge of a picture in inches, `limits` fixes the values
    that are drawn black and white (default: each picture's own minimum and maximum).
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    columns = columns or int(np.ceil(np.sqrt(len(images))))
    rows = int(np.ceil(len(images) / columns))
    height = size + (0.3 if labels else 0.05)
    size_of_all = (size * columns, height * rows + (0.3 if title else 0.1))
    figure, axes = plt.subplots(rows, columns, figsize=size_of_all, squeeze=False)
    low, high = limits or (None, None)
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image, cmap=cmap, vmin=low, vmax=high)
        if labels:
            below = {"xycoords": "axes fraction", "xytext": (0, -3), "textcoords": "offset points"}
            axis.annotate(labels[index], (0.5, 0), **below, ha="center", va="top", fontsize=9)
    if title:
        figure.suptitle(title)
    figure.tight_layout()
    return figure


def confusion_matrix(true: Any, predicted: Any, names: Sequence[str] | None = None) -> Figure:
    """Draw how often class i (row) was taken for class j (column). `true`, `predicted`: [n] class numbers."""
    from sklearn.metrics import ConfusionMatrixDisplay

    count = len(names) if names else int(max(np.max(true), np.max(predicted))) + 1
    figure, axis = plt.subplots(figsize=(0.62 * count + 1.2, 0.62 * count + 0.6))
    ConfusionMatrixDisplay.from_predictions(
        true,
        predicted,
        labels=range(count),
        display_labels=names,
        cmap="Blues",
        colorbar=False,
        xticks_rotation="vertical" if names and max(map(len, names)) > 4 else "horizontal",
        ax=axis,
    )
    axis.set(xlabel="Predicted", ylabel="True")
    figure.tight_layout()
    return figure


def curves(
    lines: Mapping[str, Sequence[Sequence[float]]],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    log: bool = False,
) -> Figure:
    """Draw one curve per entry of `lines`: name → [(x, y), …], as ``ex.history`` holds them."""
    figure, axis = plt.subplots(figsize=(6.4, 4.0))
    for name, points in lines.items():
        xs, ys = np.asarray(points, dtype=float).reshape(-1, 2).T
        axis.plot(xs, ys, label=name, marker="." if len(xs) < 40 else None)
    axis.set(xlabel=xlabel, ylabel=ylabel, title=title, yscale="log" if log else "linear")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    return figure


def points_and_line(x: np.ndarray, y: np.ndarray, weight: float | None = None, bias: float = 0.0) -> Figure:
    """Draw the points (`x`, `y`), both [n], and the line `weight` · x + `bias` where a weight is given."""
    figure, axis = plt.subplots(figsize=(6.4, 4.0))
    axis.plot(x, y, "ro", markersize=4, label="Original data")
    if weight is not None:
        axis.plot(x, weight * x + bias, label="Fitted line")
    axis.set(xlabel="x", ylabel="y")
    axis.legend()
    return figure


def moving_average(values: Sequence[float], window: int) -> np.ndarray:
    """Return [n] running means of `values`: element i is the mean of the last `window` values up to and with i."""
    if window < 1:
        raise ValueError(f"the window must be at least 1, not {window}")
    sums = np.cumsum(np.insert(np.asarray(values, dtype=float), 0, 0.0))
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - window, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def image_rows(
    rows: Mapping[str, Any], captions: Sequence[str] | None = None, *, size: float = 1.0, cmap: str = "gray"
) -> Figure:
    """Draw pictures in named rows: the original, what a network makes of it, and so on, one below the other.

    `rows`: name → pictures [n, height, width] or [n, height, width, 3], values in [0, 1]; grey ones may be flat,
    [n, edge · edge]. Each row has the same n; the sizes may differ from row to row. `captions`: a line under each
    column. `size` is the edge of a picture in inches.
    """
    count = len(next(iter(rows.values())))
    below = 0.3 if captions else 0.0
    shape = (size * count + 1.2, size * len(rows) + below + 0.1)
    figure, axes = plt.subplots(len(rows), count, figsize=shape, squeeze=False)
    for (name, images), line in zip(rows.items(), axes, strict=True):
        for axis, image in zip(line, np.asarray(images), strict=True):
            square = image.reshape(-1, round(image.size**0.5)) if image.ndim == 1 else image
            axis.imshow(np.clip(square, 0, 1), cmap=cmap, vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
        beside = {"xycoords": "axes fraction", "xytext": (-6, 0), "textcoords": "offset points"}
        line[0].annotate(name, (0, 0.5), **beside, ha="right", va="center", fontsize=9)
    for axis, caption in zip(axes[-1], captions or [], strict=bool(captions)):
        axis.set_xlabel(caption, fontsize=9)
    figure.subplots_adjust(1.15 / shape[0], (below + 0.05) / shape[1], 0.995, 1 - 0.05 / shape[1], 0.05, 0.05)
    return figure
