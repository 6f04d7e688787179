"""CelebA, the 202,599 aligned faces of Liu, Luo, Wang and Tang with their attributes, as its archive unpacks.

``img_align_celeba/000001.jpg`` … (178×218 pixels) and ``list_attr_celeba.txt``: the number of pictures, the names of
the attributes, then a line for each picture, its name and 1 or −1 for each attribute.
(https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html) The publisher's agreement allows research that is not commercial,
and its download pages want a browser: CelebA is not fetched by itself, `fetch` says what to get and where to put it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import DataOptions, download, drawn_faces, locate
from utils.data.drawn_faces import ATTRIBUTES, LIST, PICTURES
from utils.paths import DATASETS, shown
from utils.problems import Problem

PAGE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
ARCHIVE = "img_align_celeba.zip"
# Size and SHA-256 of both, from the registry of TensorFlow Datasets: tensorflow_datasets/datasets/celeb_a/checksums.tsv
FILES = {
    ARCHIVE: (1_443_490_838, "46fb89443c578308acf364d7d379fe1b9efb793042c0af734b6112e4fd3a8c74"),
    LIST: (26_721_026, "f0e5da289d5ccf75ffe8811132694922b60f2af59256ed362afa03fefba324d0"),
}
COUNT = 202_599
SPLIT = (
    182_000,
    637,
)  # training and validation pictures, as in AttGAN's code; the rest, from 182638.jpg on, is the test
SIZE = (178, 218)  # width and height of an aligned picture
CROP = (3, 26, 173, 196)  # left, top, right, bottom of the 170×170 pixels that AttGAN looks at
KEPT_BYTES = 2**30  # of decoded pictures in memory; a larger part reads its files again in every epoch
STAND_IN = DATASETS / "stand-in" / "celeba"


class Part:
    """The training, validation or test faces, in the order of their numbers; each is read when it is first asked for.

    ``files``: their paths. ``labels``: int64 [n, attributes], 0 or 1. ``size``: the edge of a picture in pixels.
    """

    def __init__(self, files: list[Path], labels: np.ndarray, size: int, seed: list[int]) -> None:
        self.files, self.labels, self.size = files, labels, size
        self.num_examples = len(files)
        self._seed = seed
        keeps = len(files) * size * size * 3 <= KEPT_BYTES
        self._pictures = np.empty((len(files), size, size, 3), np.uint8) if keeps else None
        self._there = np.zeros(len(files), bool)
        self._epoch = self._next = 0
        self._order = self._order_of(0)

    @property
    def position(self) -> list[int]:
        """Where ``next_batch`` stands: [epochs completed, pictures of this epoch already given]."""
        return [self._epoch, self._next]

    @position.setter
    def position(self, value: list[int]) -> None:
        self._epoch, self._next = value
        self._order = self._order_of(self._epoch)

    def _order_of(self, epoch: int) -> np.ndarray:
        """Return the order of an epoch; it depends on the seed and the epoch only, so a training can be resumed."""
        return np.random.default_rng([*self._seed, epoch]).permutation(self.num_examples)

    def pictures(self, numbers: Any) -> np.ndarray:
        """Return the faces with these `numbers` in this part, cropped and resized: uint8 [n, size, size, 3]."""
        numbers = np.atleast_1d(np.asarray(numbers))
        if self._pictures is None:
            return np.stack([read(self.files[number], self.size) for number in numbers])
        for number in numbers[~self._there[numbers]]:
            self._pictures[number] = read(self.files[number], self.size)
            self._there[number] = True
        return self._pictures[numbers]

    def next_batch(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the next `size` faces, float32 [size, edge, edge, 3] in [−1, 1], and their labels, float32.

        The order is drawn anew each epoch; what is left of an epoch goes before the next one's. ValueError for a size
        that is not in 1…num_examples.
        """
        if not 1 <= size <= self.num_examples:
            raise ValueError(f"a batch has 1 to {self.num_examples} pictures, not {size}")
        chosen = self._order[self._next : self._next + size]
        self._next += len(chosen)
        if len(chosen) < size:
            self.position = [self._epoch + 1, size - len(chosen)]
            chosen = np.concatenate([chosen, self._order[: self._next]])
        return as_values(self.pictures(chosen)), self.labels[chosen].astype(np.float32)


@dataclass(frozen=True)
class Faces:
    """The data set: its ``folder``, the ``names`` of the attributes, ``train``, ``validation`` and ``test``."""

    folder: Path
    names: list[str]
    train: Part
    validation: Part
    test: Part


def load(
    options: DataOptions | None = None, *, size: int = 128, names: Sequence[str] = ATTRIBUTES, drawn: int = 12_800
) -> Faces:
    """Return CelebA from the reader's folder or ``datasets/``, or its stand-in of `drawn` faces.

    `size`: the edge of the pictures, which are cropped as AttGAN crops them. `names`: the attributes to give, in this
    order. CelebA is split by its numbers; of another number of faces 5/8 are for training, an 80th for validation.
    Problem where the list is damaged or lacks one of the attributes.
    """
    options = options or DataOptions()
    stand_in = STAND_IN / str(drawn)
    folder = locate(options, _places, _complete, fetch, lambda: drawn_faces.make(stand_in, drawn))
    files, labels, listed = _read_list(folder, names)
    if folder == stand_in:
        options.note("CelebA", f"{len(files):,} drawn faces in {shown(folder)}", real=False)
    else:
        real = listed and len(files) == COUNT
        what = f"{len(files):,} of CelebA's faces" if listed else "other faces than CelebA's"
        options.note("CelebA", shown(folder) if real else f"{what} in {shown(folder)}", real=real)
    total = len(files)
    train, validation = SPLIT if total == COUNT else (total * 5 // 8, total // 80)
    bounds = [0, train, train + validation, total]
    parts = []
    for number, (first, last) in enumerate(pairwise(bounds)):
        parts.append(Part(files[first:last], labels[first:last], size, [options.seed, number]))
        options.readers.append(parts[-1])
    return Faces(folder, list(names), *parts)


def read(file: Path, size: int) -> np.ndarray:
    """Return the face in a file, cropped and resized: uint8 [size, size, 3]; Problem where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return _cropped(image.convert("RGB"), size)
    except (OSError, SyntaxError, ValueError) as error:
        raise Problem(f"{shown(file)} is missing or a damaged picture ({error}): put the original there") from None


def crop(picture: np.ndarray, size: int) -> np.ndarray:
    """Return a `picture` [height, width, 3], uint8, cropped and resized as the data: uint8 [size, size, 3].

    Of a picture that is not 178×218, the largest part in the middle with these proportions counts as the aligned one.
    """
    from PIL import Image

    return _cropped(Image.fromarray(picture), size)


def as_values(pictures: np.ndarray) -> np.ndarray:
    """Return `pictures`, uint8, as float32 in [−1, 1]."""
    return np.multiply(pictures, np.float32(2 / 255), dtype=np.float32) - 1


def as_pictures(values: np.ndarray) -> np.ndarray:
    """Return `values` in [−1, 1], clipped to it, as uint8: the way back from `as_values`."""
    return np.rint((np.clip(values, -1, 1) + 1) * 127.5).astype(np.uint8)


def fetch(folder: Path) -> Path:
    """Unpack the archive that lies in ``folder/celeba`` and return that place; Problem that says what to download.

    The reader gets the files: the publisher's pages want a browser.
    """
    place = folder / "celeba"
    if _complete(place):
        return place
    wanted = ", ".join(f"{name} ({size:,} bytes, SHA-256 {sha256})" for name, (size, sha256) in FILES.items())
    archive = place / ARCHIVE
    if not (archive.is_file() and _list_of(place)):
        raise Problem(
            f"CelebA is not fetched by itself: from {PAGE} (Align&Cropped Images, Attributes Annotations) download "
            f"{wanted} into {shown(place)} and run `python run.py data celeba`, which checks and unpacks them; or name "
            f"a folder that holds {PICTURES}/ and {LIST} with --data-dir"
        )
    for path in (archive, _list_of(place)):
        size, sha256 = FILES[path.name]
        if path.stat().st_size != size or _sha256(path) != sha256:
            raise Problem(
                f"{shown(path)} is not the publisher's file ({size:,} bytes, SHA-256 {sha256}): delete it and "
                f"download it again from {PAGE}"
            )
    download.install(archive, place / PICTURES, most_bytes=2_000_000_000)
    archive.unlink()
    return place


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds of CelebA (``real``, ``other``, ``missing``) and where."""
    place = next((place for place in _places(folder) if _complete(place)), None)
    if place is None:
        return "missing", None
    files, _, listed = _read_list(place, ())
    return ("real" if listed and len(files) == COUNT else "other"), place


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / "celeba", folder / "CelebA", folder


def _list_of(place: Path) -> Path | None:
    return next((path for path in (place / LIST, place / "Anno" / LIST) if path.is_file()), None)


def _pictures_of(place: Path) -> Path | None:
    return next((path for path in (place / PICTURES, place / "Img" / PICTURES) if path.is_dir()), None)


def _complete(place: Path) -> bool:
    pictures = _pictures_of(place)
    return _list_of(place) is not None and pictures is not None and next(pictures.glob("*.jpg"), None) is not None


def _read_list(place: Path, names: Sequence[str]) -> tuple[list[Path], np.ndarray, bool]:
    """Return the pictures that are there, their attributes int64 [n, names], and whether the list is the publisher's.

    A folder may hold a part of the pictures only.
    """
    path, pictures = _list_of(place), _pictures_of(place)
    assert path is not None  # _complete said so
    assert pictures is not None
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    header = lines[1].split() if len(lines) > 1 else []
    missing = [name for name in names if name not in header]
    if missing:
        raise Problem(f"{shown(path)} has no attribute {missing[0]}: its second line must name the attributes")
    columns = [1 + header.index(name) for name in names]
    there = {entry.name for entry in pictures.iterdir()}
    files, rows = [], []
    for number, line in enumerate(lines[2:], start=3):
        words = line.split()
        if not words:
            continue
        values = [words[column] if column < len(words) else "" for column in columns]
        if not set(values) <= {"1", "-1"}:
            raise Problem(f"{shown(path)}, line {number}: a name and {len(header)} times 1 or -1 must stand here")
        if words[0] in there:
            files.append(pictures / words[0])
            rows.append(values)
    if len(files) < 80:
        raise Problem(
            f"{shown(pictures)}: {len(files)} of the pictures that {path.name} names are too few, 80 at least"
        )
    labels = (np.array(rows, dtype=np.int64).reshape(len(files), len(columns)) + 1) // 2
    listed = path.stat().st_size == FILES[LIST][0] and _sha256(path) == FILES[LIST][1]
    return files, labels, listed


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _cropped(image: Any, size: int) -> np.ndarray:
    from PIL import Image

    scale = min(image.width / SIZE[0], image.height / SIZE[1])
    left, top = (image.width - scale * SIZE[0]) / 2, (image.height - scale * SIZE[1]) / 2
    box = [scale * edge + start for edge, start in zip(CROP, (left, top) * 2, strict=True)]
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, tuple(box)))
