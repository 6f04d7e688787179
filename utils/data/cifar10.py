"""CIFAR-10, the 60,000 small colour pictures of Krizhevsky, Nair and Hinton, in the publisher's binary layout.

Six files of 10,000 records each, ``cifar-10-batches-bin/data_batch_1.bin`` … ``data_batch_5.bin`` and
``test_batch.bin``. A record is 3,073 bytes: the label (0 to 9), then 1,024 red, 1,024 green and 1,024 blue values,
each plane row by row. (https://www.cs.toronto.edu/~kriz/cifar.html)
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from utils.data import DataOptions, cifar10_stand_in, download, locate
from utils.paths import DATASETS, shown
from utils.problems import Problem

MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/cifar-10-binary.tar.gz",
)
ARCHIVE = "cifar-10-binary.tar.gz"
SIZE = 170_052_171
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
FOLDER = "cifar-10-batches-bin"
# The publisher's files. The MD5 only tells them from other copies: what guards the download is the archive's SHA-256.
MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
}
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD_BYTES = 1 + 3 * 32 * 32
RECORDS = 10_000  # in each file
STAND_IN = DATASETS / "stand-in" / "cifar10"
# Mean and standard deviation of the 50,000 training pictures' red, green and blue values. A copy that went through
# JPEG keeps them to a fraction of a grey level; another set of pictures does not have them.
CHANNEL_MEAN = (125.31, 122.95, 113.87)
CHANNEL_STD = (62.99, 62.09, 66.70)
CLOSE = 1.0  # grey levels


class Part:
    """The training or the test pictures; ``files`` are their paths as text, for a queue of file names."""

    def __init__(self, paths: list[Path]) -> None:
        self.files = [str(path) for path in paths]

    def first(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the first `count` pictures and labels; only the files that hold them are read."""
        images, labels = [], []
        for number, file in enumerate(self.files):
            wanted = min(RECORDS, count - number * RECORDS)
            if wanted > 0:
                records = np.fromfile(file, np.uint8, wanted * RECORD_BYTES).reshape(-1, RECORD_BYTES)
                images.append(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
                labels.append(records[:, 0].astype(np.int64))
        return np.concatenate(images), np.concatenate(labels)

    @cached_property
    def _all(self) -> tuple[np.ndarray, np.ndarray]:
        return self.first(RECORDS * len(self.files))

    @property
    def images(self) -> np.ndarray:
        """All pictures, uint8 [n, 32, 32, 3]."""
        return self._all[0]

    @property
    def labels(self) -> np.ndarray:
        """Their labels, int64 [n]."""
        return self._all[1]


@dataclass(frozen=True)
class Cifar10:
    """The data set: ``train`` 50,000 pictures, ``test`` 10,000, ``names`` of the ten classes in label order.

    ``original``: whether the files are the publisher's, byte for byte.
    """

    folder: Path
    train: Part
    test: Part
    names: list[str]
    original: bool


def load(options: DataOptions | None = None) -> Cifar10:
    """Return CIFAR-10 from the reader's folder, ``datasets/``, a download, or its stand-in, in this order.

    The pictures are read when they are asked for; a queue reads the files itself. Problem for a damaged file.
    """
    options = options or DataOptions()
    folder = locate(options, _places, _complete, fetch, _stand_in)
    kind = _check(folder)
    where = shown(folder)
    if kind == "copy":
        options.note("CIFAR-10 (re-encoded copy)", f"{where}, not the publisher's bytes", real=True)
    elif kind == "real":
        options.note("CIFAR-10", where, real=True)
    elif folder == STAND_IN:
        options.note("CIFAR-10", f"drawn shapes and patterns in {where}", real=False)
    else:
        options.note("CIFAR-10", f"other pictures than CIFAR-10's in {where}", real=False)
    paths = [folder / name for name in MD5]
    return Cifar10(folder, Part(paths[:5]), Part(paths[5:]), _names(folder), kind == "real")


def fetch(folder: Path) -> Path:
    """Download the archive into `folder`, unpack it to ``folder/cifar-10-batches-bin`` and return that."""
    target = folder / FOLDER
    if _complete(target):
        return target
    archive = download.fetch(MIRRORS, folder, ARCHIVE, sha256=SHA256, size=SIZE)
    download.install(archive, target, most_bytes=200_000_000)
    archive.unlink()
    return target


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds of CIFAR-10 (``real``, ``copy``, ``other``, ``missing``) and where."""
    place = next((place for place in _places(folder) if _complete(place)), None)
    return ("missing", None) if place is None else (_check(place), place)


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / FOLDER, folder / "cifar10_data" / FOLDER, folder


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in MD5)


def _stand_in() -> Path:
    if not _complete(STAND_IN):
        cifar10_stand_in.make(STAND_IN)
        if not _complete(STAND_IN):
            raise Problem(f"{shown(STAND_IN)} lacks files: delete it, it is made anew")
    return STAND_IN


def _names(folder: Path) -> list[str]:
    meta = folder / "batches.meta.txt"
    names = meta.read_text(encoding="utf-8", errors="replace").split() if meta.is_file() else []
    return names if len(names) == 10 else list(NAMES)


def _check(folder: Path) -> str:
    """Return ``real``, ``copy`` or ``other``; Problem where a file cannot be CIFAR-10's format."""
    advice = "delete it, and `python run.py data cifar10` fetches it again"
    if folder == STAND_IN:
        advice = f"delete {shown(STAND_IN)}, it is made anew"
    genuine = True
    for name, md5 in MD5.items():
        path = folder / name
        content = path.read_bytes()
        if len(content) != RECORDS * RECORD_BYTES:
            raise Problem(
                f"{shown(path)} has {len(content):,} bytes, not {RECORDS:,} records of {RECORD_BYTES:,}: {advice}"
            )
        highest = np.frombuffer(content, np.uint8)[::RECORD_BYTES].max()
        if highest > 9:
            raise Problem(f"{shown(path)} holds the label {highest}; CIFAR-10 has labels 0 to 9: {advice}")
        genuine = genuine and hashlib.md5(content, usedforsecurity=False).hexdigest() == md5
    if genuine:
        return "real"
    return "copy" if folder != STAND_IN and _looks_re_encoded(folder) else "other"


def _looks_re_encoded(folder: Path) -> bool:
    """Whether the pictures have CIFAR-10's class counts and its training set's means and standard deviations."""
    *train, test = (np.fromfile(folder / name, np.uint8).reshape(-1, RECORD_BYTES) for name in MD5)
    train = np.concatenate(train)
    if set(np.bincount(train[:, 0], minlength=10)) != {5_000} or set(np.bincount(test[:, 0], minlength=10)) != {1_000}:
        return False
    levels = np.arange(256)
    for channel, (mean, std) in enumerate(zip(CHANNEL_MEAN, CHANNEL_STD, strict=True)):
        plane = train[:, 1 + 1024 * channel : 1 + 1024 * (channel + 1) : 7]  # a seventh of the pixels tells as much
        share = np.bincount(plane.ravel(), minlength=256) / plane.size
        measured = share @ levels
        if abs(measured - mean) > CLOSE or abs(np.sqrt(share @ (levels - measured) ** 2) - std) > CLOSE:
            return False
    return True
