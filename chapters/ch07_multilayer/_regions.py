"""What examples 32 to 36 measure and draw alike: the Bayes limit, the test on fresh points, the regions."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from _clusters import fresh_xor_clusters, xor_clusters
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy.special import expit, ndtr

from utils import paths

# The middle of the square whose corners are the four clusters: the generator's first draw (seed 10), and half of 3.
MIDDLE = np.random.RandomState(10).randn(2) + 1.5

# 20,000 points that no training has seen; 200×200 points of the plane, [-1, 8]², as in the book's figures.
TEST_X, TEST_Y = fresh_xor_clusters(20_000, seed=2_000_000_000)
AXIS = np.linspace(-1, 8, 200)
GRID = np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2).astype(np.float32)


def posterior(points: np.ndarray) -> np.ndarray:
    """Return P(label 1 | point) [n, 1] of `points` [n, 2]: the best prediction there is, from the known densities.

    Right against left, and upper against lower, are two Gaussians of unit variance 3 apart: a sigmoid each.
    """
    right, upper = expit(3 * (points - MIDDLE)).T
    return (right * (1 - upper) + upper * (1 - right))[:, None]


def bayes_limit() -> tuple[float, float]:
    """Return the lowest mean squared error and the highest accuracy that any prediction can have on these clusters.

    With p the posterior, the error is E[p(1 - p)] and 1 - 2p = tanh(u) · tanh(v), u and v being independent. A point is
    put right where both its sides are taken right, or both wrong.
    """
    t = np.linspace(-10, 10, 20_001)  # a coordinate of the left cluster, measured from its centre
    density = np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)
    side = np.sum(density * np.tanh(1.5 * (t - 1.5)) ** 2) * (t[1] - t[0])
    q = ndtr(1.5)
    return float((1 - side**2) / 4), float(q**2 + (1 - q) ** 2)


@dataclass(frozen=True)
class Row:
    """One trained network: mean squared errors without any penalty, and the accuracy at the threshold 0.5."""

    name: str
    train_mse: float
    twelve_mse: float
    fresh_mse: float
    fresh_accuracy: float


def mse(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared error of two arrays of one shape."""
    if predicted.shape != labels.shape:
        raise ValueError(f"predictions {predicted.shape} and labels {labels.shape}")
    return float(np.mean((predicted - labels) ** 2))


def accuracy(predicted: np.ndarray, labels: np.ndarray, threshold: float = 0.5) -> float:
    """Return the share of `labels` (0.0 or 1.0) that lie on their side of the threshold."""
    return float(np.mean((predicted >= threshold) == (labels == 1)))


def measure(name: str, predict: Callable[[np.ndarray], np.ndarray], train: tuple[np.ndarray, np.ndarray]) -> Row:
    """Test `predict` (points [n, 2] → [n, 1]) on its training set, the book's 12 points and 20,000 fresh ones."""
    sets = (train, xor_clusters(12), (TEST_X, TEST_Y))
    fresh = predict(TEST_X)
    predicted = (predict(train[0]), predict(sets[1][0]), fresh)
    errors = [mse(p, labels) for p, (_, labels) in zip(predicted, sets, strict=True)]
    return Row(name, *errors, accuracy(fresh, TEST_Y))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of text, and below them what the Bayes rule measures on the test sets and on average."""
    limit, rule = bayes_limit(), measure("Bayes rule", posterior, xor_clusters(12))
    lines = [f"{'mean squared error (no penalty)':36} training  12 points  20,000 fresh  accuracy"]
    for r in rows:
        lines.append(f"{r.name:36} {r.train_mse:8.4f} {r.twelve_mse:10.4f} {r.fresh_mse:13.4f} {r.fresh_accuracy:9.4f}")
    lines.append(
        f"{'Bayes rule on the same points':47}{rule.twelve_mse:8.4f} {rule.fresh_mse:13.4f} {rule.fresh_accuracy:9.4f}"
    )
    return "\n".join([*lines, f"{'Bayes limit, on all points':55} {limit[0]:13.4f} {limit[1]:9.4f}"])


def report(ex: Any, rows: Sequence[Row]) -> None:
    """Print the table and report each network's figures on the fresh points, and the Bayes limit."""
    print(f"\n{table(rows)}")
    for row in rows:
        ex.report(f"fresh MSE, {row.name}", row.fresh_mse)
        ex.report(f"fresh accuracy, {row.name}", row.fresh_accuracy)
    for name, value in zip(("Bayes MSE", "Bayes accuracy"), bayes_limit(), strict=True):
        ex.report(name, value)
    ex.report("Bayes MSE on the fresh points", mse(posterior(TEST_X), TEST_Y))


def earlier_rows(ex: Any, ids: Sequence[str]) -> list[tuple[str, str, float, float]]:
    """Return (id, network, fresh MSE, fresh accuracy) of the examples `ids` that ran with preset and seed of `ex`."""
    rows = []
    for example in ids:
        path = paths.outputs(example) / "result.json"
        result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"metrics": []}
        if result.get("preset") != ex.preset or result["seed"] != ex.seed:
            continue
        measured = {metric["name"]: metric["measured"] for metric in result["metrics"]}
        names = [name.removeprefix("fresh MSE, ") for name in measured if name.startswith("fresh MSE, ")]
        rows += [(example, n, measured[f"fresh MSE, {n}"], measured[f"fresh accuracy, {n}"]) for n in names]
    return rows


def scatter(axis: Any, points: np.ndarray, labels: np.ndarray) -> None:
    """Draw `points` [n, 2]: label 0 as a red +, label 1 as a blue o."""
    for label, color, marker in ((0, "red", "+"), (1, "blue", "o")):
        x1, x2 = points[labels[:, 0] == label].T
        axis.scatter(x1, x2, s=14, c=color, marker=marker, linewidths=0.9, label=f"label {label}")


def data_figure(points: np.ndarray, labels: np.ndarray, title: str) -> Figure:
    """Draw a training set with the borders of the Bayes rule."""
    figure, axis = plt.subplots(figsize=(5, 5))
    scatter(axis, points, labels)
    _borders(axis)
    axis.set(xlabel="x1", ylabel="x2", title=title)
    axis.legend(loc="upper right", fontsize=8)
    figure.tight_layout()
    return figure


def regions(panels: Sequence[tuple[str, np.ndarray, tuple[np.ndarray, np.ndarray]]]) -> Figure:
    """Draw the plane as it is classified: a panel for each (title, is blue on GRID [40000, 1], (points, labels))."""
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 4.9), squeeze=False)
    for axis, (title, blue, (points, labels)) in zip(axes.flat, panels, strict=True):
        filled = blue.reshape(len(AXIS), len(AXIS)).astype(float)
        axis.contourf(AXIS, AXIS, filled, [-0.5, 0.5, 1.5], cmap=ListedColormap(["red", "blue"]), alpha=0.3)
        scatter(axis, points, labels)
        _borders(axis)
        axis.set(xlabel="x1", ylabel="x2", title=title, xlim=(-1, 8), ylim=(-1, 8))
    axes[0, 0].legend(loc="upper right", fontsize=8)
    figure.tight_layout()
    return figure


def _borders(axis: Any) -> None:
    axis.axvline(MIDDLE[0], color="black", linestyle="--", linewidth=0.8, label="border of the Bayes rule")
    axis.axhline(MIDDLE[1], color="black", linestyle="--", linewidth=0.8)
