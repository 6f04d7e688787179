"""CTC without dynamic programming, for sections 9.4.17 and 9.4.18: go through every path, however many there are.

A path names one class for each frame. Class numbers are those of TensorFlow: the labels 0 … K − 2, then the blank.
"""

import itertools

import numpy as np


def softmax(logits):
    """Return the probabilities of `logits` along the last axis."""
    powers = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def collapse(path, blank, merge_repeated=True):
    """Return the labelling (a tuple) that a path stands for: equal neighbours become one, then the blanks go."""
    kept = [number for number, _ in itertools.groupby(path)] if merge_repeated else path
    return tuple(number for number in kept if number != blank)


def paths_to(labels, frames, classes, merge_repeated=True):
    """Return all paths of so many `frames` that collapse to `labels`; the last of the `classes` is the blank."""
    everything = itertools.product(range(classes), repeat=frames)
    return [path for path in everything if collapse(path, classes - 1, merge_repeated) == tuple(labels)]


def path_probability(path, probabilities):
    """Return the probability of one path: the product over its frames; `probabilities` is [frames, classes]."""
    return float(np.prod([frame[number] for frame, number in zip(probabilities, path, strict=True)]))


def loss(logits, labels, merge_repeated=True):
    """Return −ln of the summed probability of all paths to `labels`; inf where there is none. `logits`: [frames, K]."""
    probabilities = softmax(np.asarray(logits, dtype=np.float64))
    total = sum(path_probability(p, probabilities) for p in paths_to(labels, *probabilities.shape, merge_repeated))
    return -np.log(total) if total else np.inf


def gradient(logits, labels):
    """Return d loss / d logits, [frames, K]: the probabilities less how often the paths to `labels` use each class."""
    probabilities = softmax(np.asarray(logits, dtype=np.float64))
    used = np.zeros_like(probabilities)
    for path in paths_to(labels, *probabilities.shape):
        used[np.arange(len(path)), path] += path_probability(path, probabilities)
    return probabilities - used / used.sum(axis=1, keepdims=True)


def labellings(logits, merge_repeated=True):
    """Return all labellings with their probabilities, the likeliest first: [(labels, probability), …]."""
    probabilities = softmax(np.asarray(logits, dtype=np.float64))
    frames, classes = probabilities.shape
    totals: dict[tuple, float] = {}
    for path in itertools.product(range(classes), repeat=frames):
        labels = collapse(path, classes - 1, merge_repeated)
        totals[labels] = totals.get(labels, 0.0) + path_probability(path, probabilities)
    return sorted(totals.items(), key=lambda item: -item[1])
