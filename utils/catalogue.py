"""The examples, read from the scripts' own headers. Standard library only: no script is run.

A script's name is its id and its subject: ``ex21_softmax_regression.py`` is 21, ``sec4_1_7_choose_device.py`` is
4.1.7, ``p57_rnn_wgan.py`` is p57. The first line of its docstring is
``Example 21 · Recognise blurred handwritten digits (识别图中模糊的手写数字)``, then fields follow: ``Book:``,
``Data:``, ``Model:``, ``Shows:``, ``Departs:``, ``Time:``.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from utils.paths import CHAPTERS
from utils.problems import WrongFlag

FIELDS = ("Book", "Data", "Model", "Shows", "Departs", "Time")
_NAME = re.compile(r"(ex|sec|psec|p|h|f)(\d+(?:_\d+[a-z]?)*)_[a-z]")
_PREFIX = {"ex": "", "sec": "", "psec": "p", "p": "p", "h": "h", "f": "f"}
_FIRST_LINE = re.compile(r"(?P<kind>[A-Z][a-z]+(?: [a-z]+)?) (?P<number>[\d.]+[a-z]?) · (?P<title>.*)")
_KIND = {"Example": "", "Section": "", "Project": "p", "Project section": "p", "Tutorial": "h", "Step": "f"}


@dataclass(frozen=True)
class Header:
    """What a script's docstring says of it."""

    id: str
    title: str
    title_zh: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Entry:
    """One script of ``chapters/``."""

    id: str
    path: Path
    order: tuple[Any, ...] = field(repr=False)

    @property
    def chapter(self) -> str:
        """The name of the chapter's folder."""
        return self.path.parent.name

    @cached_property
    def docstring(self) -> str:
        """The script's docstring, cut out without parsing the script."""
        with self.path.open(encoding="utf-8") as stream:
            text = stream.read(8192)
        match = re.match(r'(?:#.*\n|\s)*"""(.*?)"""', text, re.DOTALL)
        return match.group(1) if match else ""

    @cached_property
    def header(self) -> Header:
        """The docstring's parts; ValueError where the first line is not of the agreed form."""
        return read_header(self.docstring)

    @cached_property
    def tree(self) -> ast.Module:
        """The script's syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"))


def id_of(name: str) -> tuple[str, tuple[Any, ...]] | None:
    """Return the id in the file name `name` and a key to sort by, or None for ``models.py`` and the like."""
    match = _NAME.match(name)
    if not match:
        return None
    kind, digits = match.groups()
    parts = digits.split("_")
    if kind in ("ex", "p", "f"):
        parts = [str(int(parts[0]))]
    order = tuple((int(re.match(r"\d+", p).group()), p) for p in parts)  # type: ignore[union-attr]
    return _PREFIX[kind] + ".".join(parts), order


def read_header(docstring: str) -> Header:
    """Return what `docstring` says; ValueError where its first line is not ``Example 21 · Title (书名)``."""
    lines = docstring.strip().splitlines() or [""]
    first = _FIRST_LINE.fullmatch(lines[0].strip())
    if not first or first["kind"] not in _KIND:
        raise ValueError(f"the docstring must start like 'Example 21 · Title (中文)', not {lines[0]!r}")
    title, title_zh = first["title"].strip(), ""
    inner = (
        re.fullmatch(r"(.*?) \(([^()]*[\u4e00-\u9fff].*)\)", title)
        or re.fullmatch(r"(.*) \((\1)\)", title)
        or re.fullmatch(r"(.*) \(([^()]+)\)", title)  # the book's own title is not Chinese either
    )
    if inner:
        title, title_zh = inner.groups()
    number = first["number"]
    if first["kind"] in ("Example", "Project", "Step"):
        number = str(int(number))
    fields: dict[str, str] = {}
    current = None
    for line in lines[1:]:
        start = re.match(r"([A-Z][a-z]+):\s*(.*)", line)
        if start and start[1] in FIELDS:
            current = start[1]
            fields[current] = start[2]
        elif current and line.strip() and line[:1].isspace():
            fields[current] += "\n" + line.strip()
        else:
            current = None
    return Header(_KIND[first["kind"]] + number, title, title_zh, fields)


def entries(folder: Path = CHAPTERS) -> list[Entry]:
    """Return every script of ``chapters/``, in the order of the chapters and their numbers."""
    found = []
    for path in folder.glob("ch*/*.py"):
        identity = id_of(path.name)
        if identity:
            found.append(Entry(identity[0], path, (path.parent.name, *_book_order(path.name, identity[1]))))
    return sorted(found, key=lambda entry: entry.order)


def _book_order(name: str, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    return (name.startswith(("sec", "psec")), numbers)  # the numbered examples first, then the sections


def normalise(word: str) -> str:
    """Return the id that `word` means: ``ex21``, ``021`` and ``21`` are 21, ``sec4_1_7`` is 4.1.7, ``H3`` is h03."""
    word = word.strip().lower().removesuffix(".py").replace("_", ".")
    match = re.fullmatch(r"(?:ex|sec|(psec|p|h|f))?\.?(\d+(?:\.\d+)*)([a-z]?)", word)
    if not match:
        return word
    prefix, number, letter = match.groups()
    prefix = "p" if prefix == "psec" else prefix or ""
    if "." not in number:
        number = f"{int(number):02}" if prefix == "h" else str(int(number))
    return prefix + number + letter


def find(word: str) -> Entry:
    """Return the script that `word` names; WrongFlag (exit 2) with the nearest ids where there is none."""
    wanted = normalise(word)
    known = entries()
    for entry in known:
        if entry.id == wanted:
            return entry
    near = difflib.get_close_matches(wanted, [e.id for e in known], n=4, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "`python run.py list` shows them all"
    raise WrongFlag(f"no example {word!r}: {hint}")


def search(words: list[str]) -> Iterator[Entry]:
    """Yield the scripts in whose id, titles, chapter, book or data every one of `words` occurs."""
    for entry in entries():
        header = entry.header
        text = " ".join(
            [entry.id, entry.chapter, header.title, header.title_zh]
            + [header.fields.get(name, "") for name in ("Book", "Data")]
        ).lower()
        if all(entry.id == word or word.lower() in text for word in words):
            yield entry


def example_call(tree: ast.Module) -> ast.Call | None:
    """Return the script's ``Example(__doc__, …)`` call, or None."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Example":
            return node
    return None


def expected_figures(tree: ast.Module) -> list[tuple[str, str]]:
    """Return (name, the book's figure) of each ``ex.report(…, book=…)`` in a script."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "report" and node.args:
            book = next((k.value for k in node.keywords if k.arg == "book"), None)
            name = node.args[0].value if isinstance(node.args[0], ast.Constant) else ast.unparse(node.args[0])
            if book is not None:
                found.append((str(name), ast.unparse(book)))
    return found
