"""A stand-in for CIFAR-10 in its own binary format: ten drawn shapes and patterns.

Place, size, tilt and both colours are drawn at random, and the figure is as often darker than its ground as lighter:
no pixel and no colour tells the class, so that a linear classifier gets only about a quarter right, while a small
convolutional network learns the classes.
"""

import shutil
from pathlib import Path

import numpy as np
from filelock import FileLock

from utils.paths import shown
from utils.problems import Problem, disk_problem

NAMES = ("disc", "ring", "square", "triangle", "cross", "rows", "columns", "diagonals", "chequers", "dots")
SIDE = 32


def make(folder: Path) -> Path:
    """Write the six files and ``batches.meta.txt`` into the new `folder` (some seconds, 184 MB) and return it.

    Of several processes that ask at once, one makes it and the others wait.
    """
    scratch = folder.with_name(f".{folder.name}.part")  # what a killed process left lies in here
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if folder.exists():
                return folder
            print(f"making the stand-in for CIFAR-10 in {shown(folder)} …", flush=True)
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            for number, name in enumerate([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]):
                records(10_000, number).tofile(scratch / name)
            (scratch / "batches.meta.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
            scratch.rename(folder)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise Problem(disk_problem(error) or f"{shown(folder)}: {error}") from None
    return folder


def records(count: int, seed: int) -> np.ndarray:
    """Return `count` records, uint8 [count, 3073], with as many of each class as of any other, in mixed order."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(NAMES))
    pictures = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for label in range(len(NAMES)):
        chosen = np.flatnonzero(labels == label)
        pictures[chosen] = _pictures(label, len(chosen), rng)
    return np.concatenate([labels[:, None].astype(np.uint8), pictures.reshape(count, -1)], axis=1)


def _pictures(label: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return `n` pictures of one class, uint8 [n, 3, 32, 32]."""

    def uniform(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)

    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x, y = x - uniform(11, 21), y - uniform(11, 21)
    tilt = uniform(-0.2, 0.2)
    x, y = x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)
    inside = _inside(label, x, y, uniform(5.5, 9.5), uniform(4.5, 8.0))

    ground = rng.uniform(40, 215, (n, 3, 1, 1)).astype(np.float32)
    contrast = rng.choice([-1, 1], (n, 1, 1, 1)) * rng.uniform(35, 110, (n, 3, 1, 1))
    light = uniform(-1.5, 1.5) * x + uniform(-1.5, 1.5) * y  # falls from one side
    pictures = ground + contrast.astype(np.float32) * inside[:, None] + light[:, None]
    pictures += rng.standard_normal(pictures.shape, dtype=np.float32) * 12
    return np.clip(pictures, 0, 255).astype(np.uint8)


def _inside(label: int, x: np.ndarray, y: np.ndarray, radius: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Return where the figure of a class is, bool [n, 32, 32]; x and y from its centre, in pixels."""
    distance = np.hypot(x, y)
    rows, columns = y % period < period / 2, x % period < period / 2
    return (
        lambda: distance < radius,
        lambda: (distance < radius) & (distance > 0.6 * radius),
        lambda: np.maximum(abs(x), abs(y)) < 0.9 * radius,
        lambda: (y < 0.7 * radius) & (y > 2 * abs(x) - radius),
        lambda: (np.minimum(abs(x), abs(y)) < 0.28 * radius) & (np.maximum(abs(x), abs(y)) < radius),
        lambda: rows,
        lambda: columns,
        lambda: (x + y) % (1.4 * period) < 0.7 * period,
        lambda: rows ^ columns,
        lambda: np.hypot(x % period - period / 2, y % period - period / 2) < 0.3 * period,
    )[label]()
