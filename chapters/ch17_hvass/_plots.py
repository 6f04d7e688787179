"""Predictions, errors and pictures of weights that tutorials 02 to 06 and 12 share."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from utils import figures


def predict_cls(sess: Any, y_pred_cls: Any, x: Any, images: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """Return the predicted classes [n] of `images` [n, …], computed in slices of `batch_size` to save memory.

    `y_pred_cls`: the tensor of the predicted classes [batch]; `x`: the placeholder of the pictures.
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


def plot_example_errors(images: np.ndarray, cls_true: np.ndarray, cls_pred: np.ndarray) -> Figure:
    """Draw the first nine (or fewer, at least one) of the pictures whose predicted class is wrong."""
    first = np.flatnonzero(cls_true != cls_pred)[:9]
    return plot_images(images[first], cls_true[first], cls_pred[first])


def plot_conv_weights(weights: np.ndarray, input_channel: int = 0) -> Figure:
    """Draw a filter bank [height, width, in, out] for one input channel: red is positive, blue negative.

    The limits are those of the whole bank, so that the pictures can be compared, also between channels.
    """
    filters = weights[:, :, input_channel].transpose(2, 0, 1)
    limit = abs(weights).max()
    return figures.image_grid(filters, cmap="seismic", limits=(-limit, limit), size=1.0)
