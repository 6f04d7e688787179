"""The made-up points of chapter 7: Gaussian clusters of unit variance, with or without the book's repeated seed."""

import numpy as np


def draw(random, mean, samples_per_class, diff):
    """Draw one cluster for each class and shuffle the points.

    Parameters
    ----------
    random : numpy.random.RandomState
        The legacy generator: its numbers are those behind the book's figures.
    mean : array of shape (2,)
        Centre of class 0.
    samples_per_class : int
        Points in each class.
    diff : list of list of float
        Offset of the centre of class 1, 2, … from class 0's; one number shifts both axes.

    Returns
    -------
    points : float32 array of shape (n, 2)
    labels : int64 array of shape (n,)
        0 … number of classes − 1.
    """
    centres = [mean, *(mean + np.array(offset) for offset in diff)]
    points = np.concatenate([random.multivariate_normal(c, np.eye(2), samples_per_class) for c in centres])
    labels = np.repeat(np.arange(len(centres)), samples_per_class)
    order = np.arange(len(points))
    random.shuffle(order)
    return points[order].astype(np.float32), labels[order]


def generate(sample_size, num_classes, diff, seed=10):
    """Return the clusters of listing 7-2 and after it (see `draw`).

    The generator starts from `seed` inside the function, as the book's does: two calls with the same sample_size return
    the same points, and calls of different sizes share some. `sample_size // num_classes` points go to each class, so
    that 2,000 points in three classes are 1,998.
    """
    random = np.random.RandomState(seed)
    mean = random.randn(2)
    return draw(random, mean, sample_size // num_classes, diff)


XOR_CORNERS = [[3.0, 0], [3.0, 3.0], [0, 3.0]]


def xor_clusters(sample_size, seed=10):
    """Return points (n, 2) and labels (n, 1), 0.0 or 1.0: four clusters at the corners of a square, as in XOR."""
    points, corner = generate(sample_size, 4, XOR_CORNERS, seed)
    return points, (corner % 2).astype(np.float32).reshape(-1, 1)


def fresh_xor_clusters(count, seed):
    """Return `count` points of the same four clusters, drawn afresh: none of them is a point of `xor_clusters`.

    The centres stay where seed 10 puts them, the points come from their own generator, started from `seed`. ValueError
    for the seed 10, which would draw the training points again.
    """
    if seed == 10:
        raise ValueError("seed 10 draws the points of xor_clusters: take another one")
    mean = np.random.RandomState(10).randn(2)
    points, corner = draw(np.random.RandomState(seed), mean, count // 4, XOR_CORNERS)
    return points, (corner % 2).astype(np.float32).reshape(-1, 1)
