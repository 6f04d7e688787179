"""Questions and answers: the reader's own file, one of this project, or the Chinese part of chatterbot-corpus."""

from itertools import pairwise
from pathlib import Path

from utils.data import DataOptions, texts
from utils.paths import shown
from utils.problems import Problem

Pair = tuple[str, str]


def read(path: Path) -> list[Pair]:
    """Return the pairs of a text file: a line with what is said, then a line with the answer.

    Empty lines part one talk from the next. Problem where a talk has an odd number of lines: from there on every answer
    would be taken for a question.
    """
    pairs: list[Pair] = []
    waiting: str | None = None
    for number, line in enumerate([*texts.read(path).split("\n"), ""], start=1):
        words = line.strip()
        if not words and waiting is not None:
            raise Problem(f"{shown(path)}, line {number - 1}: {waiting!r} has no answer in the line after it")
        if not words:
            continue
        if waiting is None:
            waiting = words
        else:
            pairs.append((waiting, words))
            waiting = None
    return pairs


def read_chatterbot() -> list[Pair]:
    """Return the pairs of the Chinese dialogues in the package chatterbot-corpus: each line and the one after it.

    Problem where the package or PyYAML is not installed, or holds no Chinese dialogues.
    """
    try:
        import chatterbot_corpus
        import yaml
    except ImportError as error:
        raise Problem(f"--corpus chatterbot needs the packages chatterbot-corpus and pyyaml: {error}") from None
    folder = Path(chatterbot_corpus.__file__).parent / "data" / "chinese"
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise Problem(f"{folder} holds no dialogues: install chatterbot-corpus again")
    pairs = []
    for file in files:
        for talk in yaml.safe_load(file.read_text(encoding="utf-8"))["conversations"]:
            pairs += list(pairwise(str(line).strip() for line in talk))
    return [pair for pair in pairs if all(pair)]


def load(options: DataOptions, own: str = "", corpus: str = "own") -> list[Pair]:
    """Return the pairs of the reader's file `own`, or else of the `corpus` "own" (this project's) or "chatterbot"."""
    if not own and corpus == "chatterbot":
        options.note("dialogues", "the Chinese part of the package chatterbot-corpus", real=False, ours=True)
        return read_chatterbot()
    path = Path(own).expanduser() if own else texts.FOLDER / "dialogue.txt"
    pairs = read(path)
    source = f"the reader's own file {path.name}" if own else f"written for this project, {shown(path)}"
    options.note("dialogues", source, real=False, ours=True)
    return pairs


def one_answer_each(pairs: list[Pair]) -> list[Pair]:
    """Return `pairs` with the first answer to each question only: a net that answers one way cannot learn two."""
    first: dict[str, str] = {}
    for question, reply in pairs:
        first.setdefault(question, reply)
    return list(first.items())
