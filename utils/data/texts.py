"""Plain texts: the reader's own file, or one that was written for this project and lies in ``datasets/texts``."""

from dataclasses import dataclass
from pathlib import Path

from utils.data import DataOptions
from utils.paths import DATASETS, shown
from utils.problems import Problem

FOLDER = DATASETS / "texts"


@dataclass(frozen=True)
class Text:
    """A text and where it comes from: `name` of the file, the characters, and the file itself."""

    name: str
    content: str
    path: Path


def read(path: Path) -> str:
    """Return the characters of a text file, UTF-8 or else GB 18030 (which holds GB 2312); line ends become ``\\n``.

    Problem where the file is not there, is empty, or is no text in either encoding.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Problem(f"{shown(path)}: {error.strerror}; give a text file") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not content.strip():
            raise Problem(f"{shown(path)} is empty: give a file with text in it")
        if "\0" not in content:
            return content.replace("\r\n", "\n").replace("\r", "\n")
    raise Problem(f"{shown(path)} is no text file (neither UTF-8 nor GB 18030): save it as UTF-8")


def load(options: DataOptions, name: str, own: str = "") -> Text:
    """Return the reader's file `own`, or the text `name` of this project; which one it was is noted in `options`.

    The book's own texts were never published: `name` stands in for one of them, so nothing is compared with the book.
    """
    path = Path(own).expanduser() if own else FOLDER / f"{name}.txt"
    content = read(path)
    source = "the reader's own file" if own else f"written for this project, {shown(path)}"
    options.note(path.name, source, real=False, ours=True)
    return Text(path.name, content, path)
