"""Request lines of a web server's log: the reader's own text files, or a made-up log written by a small grammar.

The book's lines were picked by hand from its author's own network and were never published. Ours are harmless:
a method, one to three words, an ending or a query, like ``get /item/main.js`` and ``post /api.html?q=cart``.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data import DataOptions, texts
from utils.paths import shown
from utils.problems import Problem

PADDING = 0  # the index that fills a line up
LONGEST = 256  # characters of a line that are looked at, as in the book
MOST_CHARACTERS = 255
METHODS = ("get", "post")
WORDS = (
    *("about", "account", "api", "archive", "blog", "cart", "catalog", "center", "contact", "data", "detail"),
    *("docs", "event", "faq", "file", "gallery", "help", "home", "image", "index", "item", "list", "login"),
    *("main", "map", "news", "order", "page", "product", "report", "search", "shop"),
)
ENDINGS = (".html", ".js", ".css", ".png", ".php")
KEYS = ("q", "id", "page", "lang")


@dataclass(frozen=True)
class Requests:
    """Lines to learn from and held-out ones, and the characters that they are made of.

    `alphabet`: the characters in order; the character ``alphabet[i]`` has the index i + 1, 0 is the padding.
    """

    train: list[str]
    held_out: list[str]
    alphabet: str

    def encode(self, lines: Sequence[str], length: int) -> np.ndarray:
        """Return `lines`, cut at `length` and filled up with the padding, as int32 [n, length]."""
        table = np.zeros(max(map(ord, self.alphabet)) + 1, np.int32)
        table[[ord(character) for character in self.alphabet]] = np.arange(1, len(self.alphabet) + 1)
        codes = np.full((len(lines), length), PADDING, np.int32)
        for row, line in zip(codes, lines, strict=True):
            cut = line[:length]
            row[: len(cut)] = table[np.frombuffer(cut.encode("utf-32-le"), np.uint32)]
        return codes


def decode(codes: np.ndarray, alphabet: str) -> list[str]:
    """Return lines for `codes`, int [n, length]; a line ends where the first padding stands."""
    characters = np.array(["", *alphabet])
    ends = np.where((codes == PADDING).any(axis=1), (codes == PADDING).argmax(axis=1), codes.shape[1])
    return ["".join(characters[row[:end]]) for row, end in zip(codes, ends, strict=True)]


def made_up(count: int, seed: int, longest: int = 32) -> list[str]:
    """Return `count` lines of the made-up log, none longer than `longest` characters."""
    draw = random.Random(seed)
    lines = []
    while len(lines) < count:
        path = "/".join(draw.choice(WORDS) for _ in range(draw.choice((1, 1, 2, 2, 2, 3))))
        end = draw.choice(("", "/", *ENDINGS))
        value = draw.choice(WORDS) if draw.random() < 0.5 else draw.randrange(1, 100)
        query = f"?{draw.choice(KEYS)}={value}" if draw.random() < 0.3 else ""
        line = f"{draw.choice(METHODS)} /{path}{end}{query}"
        if len(line) <= longest:
            lines.append(line)
    return lines


def load(options: DataOptions, files: str = "", *, train: int = 20_000, held_out: int = 5_000) -> Requests:
    """Return request lines; where from is noted and printed.

    `files`: text files of the reader's own, with commas between them; "" for the made-up log, of which `train` and
    `held_out` lines are drawn. Of the reader's lines every fifth is held out. Problem where there are too few lines.
    """
    if not files:
        lines = made_up(train + held_out, seed=57)
        options.note("request lines", "a made-up web log, written by a small grammar", real=False, ours=True)
        return Requests(lines[:train], lines[train:], _alphabet(lines, "the made-up log"))
    paths = [Path(name.strip()).expanduser() for name in files.split(",")]
    where = ", ".join(map(shown, paths))
    lines = [line.strip()[:LONGEST] for path in paths for line in texts.read(path).splitlines() if line.strip()]
    if len(lines) < 100:
        raise Problem(f"{where}: {len(lines)} lines are too few to learn from; give at least 100, one request a line")
    options.note("request lines", f"the reader's own {where}", real=False, ours=True)
    kept = [line for number, line in enumerate(lines) if number % 5 != 4]
    return Requests(kept, lines[4::5], _alphabet(lines, where))


def _alphabet(lines: list[str], where: str) -> str:
    found = "".join(sorted(set("".join(lines))))
    if len(found) > MOST_CHARACTERS:
        raise Problem(f"{where}: {len(found)} different characters; this example learns at most {MOST_CHARACTERS}")
    return found
