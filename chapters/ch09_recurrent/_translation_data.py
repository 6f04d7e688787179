"""From sentences to numbers for examples 74 and 75: words, dictionaries, number files, lengths and buckets.

It is the book's listing 9-33 (datautil), in order.
"""

import json
import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from utils.paths import shown
from utils.problems import Problem, write_json

SYMBOLS = ["_PAD", "_GO", "_EOS", "_UNK"]
PAD, GO, EOS, UNK = range(4)
NUMBER = "_NUM"

IdPair = tuple[Sequence[int], Sequence[int]]  # the source, and the target with EOS


def english_words(sentence: str) -> list[str]:
    """Return the words and punctuation marks of an English sentence: lower case, "_NUM" for each row of digits."""
    return re.findall(r"_NUM|\w+(?:['’-]\w+)*|[^\w\s]", re.sub(r"\d+", NUMBER, sentence.lower()))


def chinese_words(sentence: str) -> list[str]:
    """Return the words of a Chinese sentence as jieba cuts them, "_NUM" for each row of digits.

    jieba's guessing of words that are not in its dictionary is off: it sticks 王芳 and 包 together in 王芳包饺子.
    """
    return [word for word in _jieba().lcut(re.sub(r"\d+", NUMBER, sentence), HMM=False) if not word.isspace()]


def _jieba() -> Any:
    if not hasattr(_jieba, "module"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of jieba's own old code
            import jieba

        jieba.setLogLevel(logging.ERROR)
        for symbol in (NUMBER, *SYMBOLS):  # the book's myjiebadict.txt: else _PAD would become _ and PAD
            jieba.add_word(symbol, tag="nz")
        _jieba.module = jieba
    return _jieba.module


def with_numbers(words: Iterable[str], source: str) -> list[str]:
    """Put the numbers of the `source` sentence, in their order, where `words` has "_NUM"."""
    numbers = iter(re.findall(r"\d+", source))
    return [next(numbers, word) if word == NUMBER else word for word in words]


class Dictionary:
    """The words of one language: the four symbols first, then by falling frequency. `words`[n] is word number n."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], size: int) -> "Dictionary":
        """Count the words of `sentences` and keep the most frequent ones, `size` with the symbols."""
        counts = Counter(word for sentence in sentences for word in sentence)
        for symbol in SYMBOLS:
            counts.pop(symbol, None)
        by_frequency = sorted(counts, key=lambda word: (-counts[word], word))
        return cls([*SYMBOLS, *by_frequency[: max(size - len(SYMBOLS), 0)]])

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, words: Iterable[str]) -> list[int]:
        """Return the words' numbers; 3 (_UNK) for those that are not in the dictionary."""
        return [self.numbers.get(word, UNK) for word in words]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the words of `numbers`."""
        return [self.words[number] for number in numbers]

    def save(self, path: Path) -> None:
        """Write the words into a text file, one a line."""
        path.write_text("\n".join(self.words) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Dictionary":
        """Read what ``save`` wrote; Problem where it is not there or no dictionary."""
        try:
            words = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{shown(path)} cannot be read ({error}): train again") from None
        if words[: len(SYMBOLS)] != SYMBOLS:
            raise Problem(f"{shown(path)} is no dictionary: its first lines must be {', '.join(SYMBOLS)}")
        return cls(words)


def write_numbers(path: Path, sentences: Iterable[Sequence[int]]) -> None:
    """Write a number file: one line a sentence, the numbers separated by blanks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(map(str, sentence)) + "\n" for sentence in sentences), encoding="utf-8")


def read_numbers(path: Path) -> list[list[int]]:
    """Read what ``write_numbers`` wrote."""
    return [[int(number) for number in line.split()] for line in path.read_text(encoding="utf-8").splitlines()]


def choose_buckets(lengths: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Return at most `count` buckets for pairs of these `lengths` (source, target with EOS) with the least padding.

    A bucket is one longer than the pairs in it, because the book's comparison is strict. The pairs are ordered by their
    longer side and cut into `count` groups so that the cells of all padded pairs together are as few as possible.
    ValueError without lengths.
    """
    if not lengths:
        raise ValueError("no lengths to choose buckets for")
    levels = sorted({max(pair) for pair in lengths})
    place = {level: number for number, level in enumerate(levels)}
    pairs, sources, targets = (np.zeros(len(levels), int) for _ in range(3))
    for source, target in lengths:
        level = place[max(source, target)]
        pairs[level] += 1
        sources[level], targets[level] = max(sources[level], source), max(targets[level], target)
    # A later bucket is at least as long on both sides as the one before.
    size = np.maximum.accumulate(sources) + np.maximum.accumulate(targets) + 2
    before = np.concatenate([[0], np.cumsum(pairs)])
    cost = {0: (0.0, ())}  # groups end before level → (cells, where the groups end)
    best: dict[int, tuple[float, tuple[int, ...]]] = {}
    for _ in range(min(count, len(levels))):
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for start, (cells, ends) in cost.items():
            for end in range(start + 1, len(levels) + 1):
                total = cells + float((before[end] - before[start]) * size[end - 1])
                if end not in reached or total < reached[end][0]:
                    reached[end] = total, (*ends, end)
        cost = reached
        if len(levels) in cost and (not best or cost[len(levels)][0] < best[0][0]):
            best = {0: cost[len(levels)]}
    return [(int(sources[:end].max()) + 1, int(targets[:end].max()) + 1) for end in best[0][1]]


def into_buckets(pairs: Iterable[IdPair], buckets: Sequence[tuple[int, int]]) -> tuple[list[list[IdPair]], int]:
    """Put each pair into the first bucket that is longer than it on both sides; return also how many fit none."""
    result: list[list[IdPair]] = [[] for _ in buckets]
    dropped = 0
    for source, target in pairs:
        for number, (source_size, target_size) in enumerate(buckets):
            if len(source) < source_size and len(target) < target_size:
                result[number].append((source, target))
                break
        else:
            dropped += 1
    return result, dropped


def lengths_figure(lengths: Sequence[tuple[int, int]], buckets: Sequence[tuple[int, int]]) -> Figure:
    """Draw the book's figure 9-33: how long the targets (with EOS) and the sources are, and both together."""
    sources, targets = np.array(lengths).T
    figure, axes = plt.subplots(1, 3, figsize=(13, 4))
    for axis, values, title in ((axes[0], targets, "target lengths"), (axes[1], sources, "source_lengths")):
        edges = np.linspace(values.min() - 0.5, values.max() + 0.5, min(50, values.max() - values.min() + 1) + 1)
        axis.hist(values, edges, color="green", alpha=0.5, label="sentences")
        mean, deviation = values.mean(), max(values.std(), 1e-6)
        x = np.linspace(edges[0], edges[-1], 200)
        density = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        axis.plot(x, density * len(values) * (edges[1] - edges[0]), "r--", label="normal curve")
        axis.set(xlabel="Length", ylabel="Number of Sequences", title=title)
        axis.legend()
    axes[2].scatter(sources, targets, s=6, alpha=0.3, label="pairs")
    for source, target in buckets:
        axes[2].plot([0, source, source], [target, target, 0], "r-", linewidth=0.8)
    axes[2].plot([], [], "r-", linewidth=0.8, label="buckets")
    axes[2].set(xlabel="source length", ylabel="target length", title="target vs source length")
    axes[2].legend()
    figure.tight_layout()
    return figure


def save_settings(folder: Path, **settings: Any) -> None:
    """Keep beside a model what its network looks like."""
    write_json(folder / "network.json", settings)


def load_settings(folder: Path) -> dict[str, Any]:
    """Read what ``save_settings`` wrote; Problem where it is not there or damaged."""
    path = folder / "network.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Problem(f"{shown(path)} cannot be read ({error}): train again with --fresh") from None
