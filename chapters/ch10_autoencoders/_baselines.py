"""Two pictures that an autoencoder must beat: the black one, and the mean of the training pictures."""

from typing import NamedTuple

import numpy as np

from utils.data.mnist import Digits


class Baselines(NamedTuple):
    """What it costs to rebuild every test picture as one and the same picture.

    `black`, `mean`: the mean squared error per pixel, of the black picture and of the training pictures' mean.
    `black_half_squares`, `mean_half_squares`: half the squared error per picture, the unit of examples 82 and 83.
    `mean_picture`: the training pictures' mean, float32 [784], values 0 to 1.
    """

    black: float
    mean: float
    black_half_squares: float
    mean_half_squares: float
    mean_picture: np.ndarray


def baselines(digits: Digits) -> Baselines:
    """Return the errors of the black picture and of the training pictures' mean on the test pictures of `digits`."""
    mean_picture = digits.train.images.mean(axis=0, dtype=np.float64).astype(np.float32)
    black = float(np.square(digits.test.images).mean(dtype=np.float64))
    mean = float(np.square(digits.test.images - mean_picture).mean(dtype=np.float64))
    half_a_picture = len(mean_picture) / 2
    return Baselines(black, mean, black * half_a_picture, mean * half_a_picture, mean_picture)


def linear_error(digits: Digits, size: int) -> float:
    """Return the mean squared error per test pixel of the best linear code of `size` numbers: principal components.

    They come from every fifth training picture; all of them make the error of 128 components 1.4 % smaller. A linear
    autoencoder spans the same space at best, though its own axes need not be theirs (Bourlard and Kamp, 1988).
    """
    some = digits.train.images[::5]
    mean = some.mean(axis=0)
    _, axes = np.linalg.eigh((some - mean).T @ (some - mean))  # the smallest variance first
    left_out = (digits.test.images - mean) @ axes[:, :-size]
    return float(np.square(left_out).sum(dtype=np.float64) / digits.test.images.size)
