"""The data sets: one module each, with ``load(options)``; those in `NAMES` with ``status(folder)``, ``fetch(folder)``.

Where a data set comes from, in this order: the folder given with ``--data-dir`` (or ``$TFBOOK_DATA``), ``datasets/``,
a download, and at last a stand-in made here. Which one it was is printed and goes into result.json.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.paths import DATASETS
from utils.problems import Problem

NAMES = ("mnist", "cifar10", "flowers", "speech", "knifey", "celeba")


@dataclass
class DataOptions:
    """How an example wants its data, and what it got.

    `folder`: the reader's own data folder or None. `sample`: use the stand-in. `seed`: of the shuffles.
    `sources`: filled by the data modules. `readers`: objects with a `position` that a resumed training puts back.
    """

    folder: Path | None = None
    sample: bool = False
    seed: int = 1
    sources: list[dict[str, Any]] = field(default_factory=list)
    readers: list[Any] = field(default_factory=list)

    def folders(self) -> list[Path]:
        """Return the folders to look into, the reader's own first."""
        return [*([self.folder] if self.folder else own_folder()), DATASETS]

    def note(self, name: str, source: str, *, real: bool, ours: bool = False) -> None:
        """Record where the data set `name` came from; what is not the book's data is announced in one line.

        `real`: the book's data. `ours`: what this project has where the book's data were never published, or the
        reader's own: a result on them is kept, but compared with nothing. Else it is a stand-in.
        """
        entry = {"name": name, "source": source, "real": real} | ({"ours": True} if ours else {})
        if entry not in self.sources:
            self.sources.append(entry)
            if not real:
                print(f"{name}: {source}" if ours else f"{name}: a stand-in, not the real data ({source})")


def own_folder() -> list[Path]:
    """Return the folder in ``$TFBOOK_DATA``, if it is set; Problem where it is not there."""
    value = os.environ.get("TFBOOK_DATA")
    if not value:
        return []
    if not Path(value).expanduser().is_dir():
        raise Problem(f"TFBOOK_DATA names {value}, which is no folder: make it, or unset the variable")
    return [Path(value).expanduser().resolve()]


def locate(
    options: DataOptions,
    places: Callable[[Path], Iterable[Path]],
    complete: Callable[[Path], bool],
    fetch: Callable[[Path], Path],
    stand_in: Callable[[], Path],
) -> Path:
    """Return the folder that holds a data set: found, downloaded, or at last its stand-in.

    With ``TFBOOK_DOWNLOAD=no`` in the environment nothing is downloaded.

    `places`: where in a data folder it may lie. `complete`: whether a place has all files. `fetch` downloads it into a
    data folder, with a Problem where it cannot; `stand_in` makes the stand-in if need be. Both return the place.
    """
    if options.sample:
        return stand_in()
    for folder in options.folders():
        for place in places(folder):
            if complete(place):
                return place
    if os.environ.get("TFBOOK_DOWNLOAD") == "no":
        return stand_in()
    try:
        return fetch(options.folders()[0])
    except Problem as problem:
        print(problem)
        return stand_in()
