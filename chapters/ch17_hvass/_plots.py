"""Predictions, errors and pictures of weights that tutorials 01 to 06, 08, 09 and 12 share."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from utils import figures


def predict_cls(sess: Any, y_pred_cls: Any, x: Any, images: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """Return what the tensor `y_pred_cls` [batch] (or [batch, 10]) is for all `images` [n, …]: [n] (or [n, 10]).

    `x`: the placeholder of the pictures. It is computed in slices of `batch_size`, to save memory.
    """
    slices = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
    return np.concatenate([sess.run(y_pred_cls, {x: some}) for some in slices])


def accuracy_line(cls_true: np.ndarray, cls_pred: np.ndarray) -> str:
    """Return the line that every tutorial prints of its test set."""
    correct = cls_true == cls_pred
    return f"Accuracy on Test-Set: {correct.mean():.1%} ({correct.sum()} / {len(correct)})"


def plot_images(images: np.ndarray, cls_true: np.ndarray, cls_pred: np.ndarray | None = None) -> Figure:
    """Draw up to nine digits, [n, 784] or [n, 28, 28], as 3×3, with the true and the predicted class under each."""
    labels = [f"True: {true}" for true in cls_true]
    if cls_pred is not None:
        labels = [f"{label}, Pred: {pred}" for label, pred in zip(labels, cls_pred, strict=True)]
    return figures.image_grid(images.reshape(-1, 28, 28), labels, columns=3, size=1.6, cmap="binary")


def example_errors(cls_true: np.ndarray, cls_pred: np.ndarray) -> str:
    """Return the first nine errors as text, like ``5→6 4→6``: the true class and what it was taken for."""
    wrong = np.flatnonzero(cls_true != cls_pred)[:9]
    return " ".join(f"{cls_true[i]}→{cls_pred[i]}" for i in wrong)


def plot_example_errors(images: np.ndarray, cls_true: np.ndarray, cls_pred: np.ndarray) -> Figure:
    """Draw the first nine (or fewer, at least one) of the pictures whose predicted class is wrong."""
    first = np.flatnonzero(cls_true != cls_pred)[:9]
    return plot_images(images[first], cls_true[first], cls_pred[first])


def _sheet(pictures: np.ndarray, cmap: str, limits: tuple[float, float]) -> Figure:
    """Draw [n, height, width] as one square sheet; one picture of all is drawn much faster than n small ones."""
    count, height, width = pictures.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    spaced = np.full((rows * columns, height + 1, width + 1), np.nan)
    spaced[:count, 1:, 1:] = pictures
    sheet = spaced.reshape(rows, columns, height + 1, width + 1).transpose(0, 2, 1, 3)
    figure, axis = plt.subplots(figsize=(columns, rows * height / width))
    axis.imshow(sheet.reshape(rows * (height + 1), -1), cmap=cmap, vmin=limits[0], vmax=limits[1], aspect="auto")
    axis.axis("off")
    figure.subplots_adjust(0, 0.01, 0.99, 1)
    return figure


def plot_conv_weights(weights: np.ndarray, input_channel: int = 0) -> Figure:
    """Draw a filter bank [height, width, in, out] for one input channel: red is positive, blue negative.

    The limits are those of the whole bank, so that the pictures can be compared, also between channels.
    """
    filters = weights[:, :, input_channel].transpose(2, 0, 1)
    limit = abs(weights).max()
    return _sheet(filters, "seismic", (-limit, limit))


def plot_layer_output(values: np.ndarray, common_limits: bool = False) -> Figure:
    """Draw what a convolution gives for one picture, [height, width, channels]: the greatest value is black.

    `common_limits`: the greatest of all channels instead of each one's own.
    """
    low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    if common_limits:
        low, high = low.min(), high.max()
    return _sheet(((values - low) / np.maximum(high - low, 1e-9)).transpose(2, 0, 1), "binary", (0, 1))
