"""What generated lines are worth: n-grams that occur in real text, and how many lines are different."""

from collections.abc import Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

LARGEST = 4  # n = 1 … 4


def ngrams(line: str, n: int) -> list[str]:
    """Return the pieces of `n` characters in `line`, one for each place."""
    return [line[start : start + n] for start in range(len(line) - n + 1)]


class HeldOut:
    """The n-grams of held-out lines, cut at `length` characters."""

    def __init__(self, lines: Sequence[str], length: int) -> None:
        self._known = {n: {gram for line in lines for gram in ngrams(line[:length], n)} for n in range(1, LARGEST + 1)}

    def shares(self, lines: Sequence[str]) -> list[float]:
        """Return which share of the n-grams of `lines` occur in the held-out lines, for n = 1 … 4; 0 where none are."""
        shares = []
        for n, known in self._known.items():
            grams = [gram for line in lines for gram in ngrams(line, n)]
            shares.append(sum(gram in known for gram in grams) / len(grams) if grams else 0.0)
        return shares


def judged_lines(lines: Sequence[str], held_out: HeldOut) -> list[float]:
    """Return the shares for n = 1 … 4, how many of `lines` are different, and how many lines there are."""
    return [*held_out.shares(lines), len(set(lines)), len(lines)]


def print_shares(table: dict[str, list[float]]) -> None:
    """Print what ``judged_lines`` gave, a row each: name → shares, different lines, lines."""
    print(f"\n{'share of n-grams that are in held-out lines':44} n = 1      2      3      4   different lines")
    for name, (*shares, distinct, count) in table.items():
        print(f"{name:44}", *(f"{share:6.3f}" for share in shares), f"{distinct:9} of {count}")


def sampled_lines(lines: Sequence[str], count: int, length: int, order: int, seed: int) -> list[str]:
    """Return `count` lines of a sampler that knows single characters (`order` 1) or pairs of neighbours (2).

    Each character is drawn by how often it stands in `lines`, cut at `length`, at all or after the one before it; so
    are the ends. No line is longer than `length`.
    """
    draw = np.random.default_rng(seed)
    follow: dict[str, list[str]] = {}
    for line in lines:
        cut = f"\n{line[:length]}\n"
        for before, after in pairwise(cut):
            follow.setdefault(before if order == 2 else "", []).append(after)
    pools = {before: np.array(after) for before, after in follow.items()}
    made = []
    while len(made) < count:
        line, last = "", "\n"
        while len(line) < length:
            pool = pools[last if order == 2 else ""]
            last = str(pool[draw.integers(len(pool))])
            if last == "\n":
                break
            line += last
        if line:
            made.append(line)
    return made


def ngram_bars(table: dict[str, list[float]]) -> Figure:
    """Draw the shares for n = 2, 3, 4 side by side; `table` has rows of shares for n = 1 … 4 and more."""
    places = np.arange(2, LARGEST + 1)
    figure, axis = plt.subplots(figsize=(7, 4))
    for number, (name, row) in enumerate(table.items()):
        axis.bar(places + 0.2 * (number - (len(table) - 1) / 2), row[1:LARGEST], 0.18, label=name)
    axis.set(xticks=places, xlabel="n", ylabel="share of n-grams in held-out lines", ylim=(0, 1.05))
    axis.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    figure.tight_layout()
    return figure


def line_columns(columns: dict[str, Sequence[str]], count: int = 18) -> Figure:
    """Print the first `count` lines of each of the `columns` side by side, under their names."""
    figure, axes = plt.subplots(1, len(columns), figsize=(4.6 * len(columns), 4.4))
    for axis, (title, lines) in zip(axes, columns.items(), strict=True):
        axis.axis("off")
        axis.set_title(title, loc="left")
        axis.text(0, 1, "\n".join(lines[:count]), va="top", family="monospace", fontsize=9, parse_math=False)
    figure.tight_layout()
    return figure
