"""The helpers of example 68 (the book's listing 9-24, yuyinutils.py): features, labels and batches of speech."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from python_speech_features import mfcc

from utils.data.speech import RATE, Utterance
from utils.problems import Problem

STRIDE = 2  # every second frame is kept
WINDOW, HOP = 400, 160  # samples: 25 ms, 10 ms


def cepstra(samples: np.ndarray, n_input: int) -> np.ndarray:
    """Return the mel-frequency cepstra of every second frame, float32 [frames, n_input]; `samples` at 16 kHz."""
    return mfcc(samples, samplerate=RATE, numcep=n_input)[::STRIDE].astype(np.float32)


def frame_count(samples: int) -> int:
    """Return how many frames `cepstra` gives for so many samples."""
    return math.ceil((1 + max(0, math.ceil((samples - WINDOW) / HOP))) / STRIDE)


def with_context(frames: np.ndarray, n_context: int) -> np.ndarray:
    """Return [frames, (2·n_context + 1)·n_input]: each frame between its `n_context` neighbours before and after.

    Beyond the ends there are zeros. The whole is brought to mean 0 and standard deviation 1.
    """
    padded = np.pad(frames, ((n_context, n_context), (0, 0)))
    features = sliding_window_view(padded, 2 * n_context + 1, axis=0).transpose(0, 2, 1).reshape(len(frames), -1)
    return (features - features.mean()) / max(features.std(), 1e-6)


def audiofile_to_input_vector(samples: np.ndarray, n_input: int, n_context: int) -> np.ndarray:
    """Return the features of a recording (int16 at 16 kHz): float32 [frames, (2·n_context + 1)·n_input]."""
    return with_context(cepstra(samples, n_input), n_context)


def pad_sequences(
    sequences: Sequence[np.ndarray], maxlen: int | None = None, padding: str = "post", value: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 [batch, maxlen, features], filled up with `value` or cut at the end or start, and the lengths.

    `maxlen`: the longest sequence where it is None. `padding`: "post" or "pre". The lengths, int32 [batch], count what
    is left of each sequence.
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int32)
    maxlen = int(lengths.max()) if maxlen is None else maxlen
    padded = np.full((len(sequences), maxlen, *sequences[0].shape[1:]), value, np.float32)
    for row, sequence in zip(padded, sequences, strict=True):
        if padding == "post":
            row[: len(sequence)] = sequence[:maxlen]
        elif len(sequence):
            row[-len(sequence) :] = sequence[-maxlen:]
    return padded, np.minimum(lengths, maxlen).astype(np.int32)


def sparse_tuple_from(sequences: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (indices [n, 2], values [n], dense shape [2]) of ragged labels, as ``tf.sparse_placeholder`` is fed."""
    indices = [(row, place) for row, sequence in enumerate(sequences) for place in range(len(sequence))]
    values = [label for sequence in sequences for label in sequence]
    shape = (len(sequences), max((len(sequence) for sequence in sequences), default=0))
    return np.array(indices, np.int64).reshape(-1, 2), np.array(values, np.int32), np.array(shape, np.int64)


def rows_of(sparse: Any) -> list[list[int]]:
    """Return the labels of each row of a sparse value (``indices``, ``values``, ``dense_shape``)."""
    rows: list[list[int]] = [[] for _ in range(int(sparse[2][0]))]
    for (row, _), label in zip(sparse[0], sparse[1], strict=True):
        rows[row].append(int(label))
    return rows


class Vocabulary:
    """The characters of the training texts, sorted (a space comes first), and one label for every other character.

    ``unknown``: that label. CTC's blank is the label after it, so a network has ``len(vocabulary) + 1`` outputs.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self.characters = sorted(set(characters))
        self.number = {character: place for place, character in enumerate(self.characters)}
        self.unknown = len(self.characters)

    def __len__(self) -> int:
        return len(self.characters) + 1

    def labels(self, text: str) -> list[int]:
        """Return the label of each character."""
        return [self.number.get(character, self.unknown) for character in text]

    def text(self, labels: Sequence[int]) -> str:
        """Return the characters of `labels`; the label of the unknown ones is shown as ``?``."""
        return "".join(self.characters[label] if label != self.unknown else "?" for label in labels)


class Batch(NamedTuple):
    """A batch: the recordings, padded features, their lengths, and the sparse labels."""

    utterances: list[Utterance]
    features: np.ndarray
    lengths: np.ndarray
    labels: tuple[np.ndarray, np.ndarray, np.ndarray]


class Batches:
    """A part of a corpus in batches. The cepstra are computed when they are first asked for, and kept.

    Recordings too short for their text are left out and named: CTC needs a frame for each label, and one more between
    two that are the same. `in_file_order`: the book's order. Otherwise `epoch` gives another order each time, in which
    recordings of like length are together: there is less to pad.

    ``position``: the number of epochs given; a resumed training puts it back.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        vocabulary: Vocabulary,
        size: int,
        *,
        n_input: int,
        n_context: int,
        seed: int = 1,
        in_file_order: bool = False,
    ) -> None:
        self.vocabulary, self.size, self.n_input, self.n_context = vocabulary, size, n_input, n_context
        self.seed, self.in_file_order, self.position = seed, in_file_order, 0
        self.utterances = [one for one in utterances if self._fits(one)]
        if not self.utterances:
            raise Problem(f"none of {len(utterances)} recordings is long enough for its text: check the transcripts")
        self._cepstra: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return math.ceil(len(self.utterances) / self.size)

    def _fits(self, one: Utterance) -> bool:
        labels = self.vocabulary.labels(one.text)
        needed = len(labels) + sum(a == b for a, b in pairwise(labels))
        there = frame_count(one.count)
        if there < needed:
            print(f"left out {one.path.name}: {there} frames are too few for the {len(labels)} characters of its text")
        return there >= needed

    def cepstra(self, one: Utterance) -> np.ndarray:
        """Return the cepstra of a recording, float32 [frames, n_input]."""
        key = str(one.path)
        if key not in self._cepstra:
            self._cepstra[key] = cepstra(one.samples(), self.n_input)
        return self._cepstra[key]

    def batch(self, utterances: Sequence[Utterance]) -> Batch:
        """Return these recordings as one batch."""
        features = [with_context(self.cepstra(one), self.n_context) for one in utterances]
        labels = sparse_tuple_from([self.vocabulary.labels(one.text) for one in utterances])
        return Batch(list(utterances), *pad_sequences(features), labels)

    def epoch(self) -> Iterator[Batch]:
        """Yield the batches of the next epoch."""
        order = np.arange(len(self.utterances))
        mixed = not self.in_file_order
        batches = self._mixed(np.random.default_rng([self.seed, self.position])) if mixed else self._cut(order)
        self.position += 1
        for places in batches:
            yield self.batch([self.utterances[place] for place in places])

    def _cut(self, order: np.ndarray) -> list[np.ndarray]:
        return [order[start : start + self.size] for start in range(0, len(order), self.size)]

    def _mixed(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Return batches in mixed order, filled from stretches of eight batches that are sorted by length."""
        order = rng.permutation(len(self.utterances))
        lengths = np.array([one.count for one in self.utterances])
        stretches = [order[start : start + 8 * self.size] for start in range(0, len(order), 8 * self.size)]
        batches = [b for part in stretches for b in self._cut(part[np.argsort(lengths[part], kind="stable")])]
        return [batches[place] for place in rng.permutation(len(batches))]

    def by_length(self) -> Iterator[Batch]:
        """Yield all recordings once, sorted by length: what an evaluation wants."""
        ordered = sorted(self.utterances, key=lambda one: (one.count, one.name))
        for start in range(0, len(ordered), self.size):
            yield self.batch(ordered[start : start + self.size])
