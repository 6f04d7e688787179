"""Flowers, the 3,670 photos of five kinds of flowers that TensorFlow's tutorials use, as the archive unpacks.

``flower_photos/<class>/*.jpg``, pictures of varying size, many of 320×240. The split is that of slim's converter:
shuffled with seed 0, then 350 validation pictures and 3,320 training pictures. slim shuffles the files in the order of
the disk, here they are sorted first, so that every machine has the same split.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import DataOptions, download, locate
from utils.paths import DATASETS, shown
from utils.problems import Problem, WrongFlag

MIRRORS = (
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    "http://download.tensorflow.org/example_images/flower_photos.tgz",
)
ARCHIVE = "flower_photos.tgz"
# Both from the registry of TensorFlow Datasets: tensorflow_datasets/datasets/tf_flowers/checksums.tsv
SIZE = 228_813_984
SHA256 = "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c"
FOLDER = "flower_photos"
COUNTS = {"daisy": 633, "dandelion": 898, "roses": 641, "sunflowers": 699, "tulips": 799}
VALIDATION = 350
KINDS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")  # the files that count as pictures
STAND_IN = DATASETS / "stand-in" / "flowers"
HELD_OUT = "held-out-"  # how the names of the stand-in's validation pictures begin

# The stand-in: photo → (class, training pictures cut from it); held-out photos give only validation pictures.
_TRAIN = {
    "astronaut.png": ("living", 30),
    "grass.png": ("plants", 10),
    "rocket.jpg": ("sky", 20),
    "hubble_deep_field.jpg": ("sky", 10),
    "china.jpg": ("stone", 40),
    "brick.png": ("stone", 10),
    "coffee.png": ("things", 30),
    "motorcycle_left.png": ("things", 40),
    "camera.png": ("things", 10),
}
_VALIDATION = {
    "chelsea.png": ("living", 10),
    "flower.jpg": ("plants", 16),
    "moon.png": ("sky", 3),
    "gravel.png": ("stone", 3),
    "coins.png": ("things", 3),
}
_EDGE = 256  # pixels: the edge of the stand-in's pictures


@dataclass(frozen=True)
class Part:
    """The training or the validation pictures: their paths, and int64 labels [n], numbers into ``Flowers.names``."""

    files: list[str]
    labels: np.ndarray


@dataclass(frozen=True)
class Flowers:
    """The data set: its ``folder``, the ``names`` of the classes in label order, ``train`` and ``validation``."""

    folder: Path
    names: list[str]
    train: Part
    validation: Part


def load(options: DataOptions | None = None, images: str = "", flag: str = "--images") -> Flowers:
    """Return Flowers from the reader's folder, ``datasets/``, a download, or its stand-in, in this order.

    `images`: any folder of pictures instead, nested or not; its sub-folders are the classes, and every tenth picture is
    held out. The pictures are not read yet. WrongFlag, which names the `flag`, for a folder without pictures.
    """
    options = options or DataOptions()
    if images:
        folder = Path(images).expanduser()
        if not folder.is_dir():
            raise WrongFlag(f"{flag} {images}: no such folder")
        files = _pictures(folder.resolve())
        if len(files) < 2:
            raise WrongFlag(f"{flag} {images}: {len(files)} pictures ({', '.join(KINDS)}) are too few: 2 at least")
        options.note("pictures", f"{len(files):,} of your own in {shown(folder)}", real=False, ours=True)
        return _split(folder.resolve(), files, max(1, len(files) // 10))
    folder = locate(options, _places, _complete, fetch, _stand_in)
    files = _pictures(folder)
    if folder == STAND_IN:
        options.note("Flowers", f"crops of other photos in {shown(folder)}", real=False)
        held_out = {file for file in files if file.name.startswith(HELD_OUT)}
        return _parts(folder, [file for file in files if file not in held_out], sorted(held_out))
    real = _counts(folder) == COUNTS
    options.note("Flowers", shown(folder) if real else f"other pictures than Flowers' in {shown(folder)}", real=real)
    return _split(folder, files, VALIDATION if real else max(1, len(files) // 10))


def read(file: str | Path) -> np.ndarray:
    """Return a picture [height, width, 3], uint8; Problem where the file cannot be read."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Problem(f"{shown(Path(file))} is not a picture or a damaged one ({error}): take it away") from None


def fetch(folder: Path) -> Path:
    """Download the archive into `folder`, unpack it to ``folder/flower_photos`` and return that."""
    target = folder / FOLDER
    if _complete(target):
        return target
    archive = download.fetch(MIRRORS, folder, ARCHIVE, sha256=SHA256, size=SIZE)
    download.install(archive, target, most_bytes=300_000_000)
    archive.unlink()
    return target


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds of Flowers (``real``, ``other``, ``missing``) and where."""
    place = next((place for place in _places(folder) if _complete(place)), None)
    if place is None:
        return "missing", None
    return ("real" if _counts(place) == COUNTS else "other"), place


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / FOLDER, folder


def _counts(folder: Path) -> dict[str, int]:
    return {name: len(list((folder / name).glob("*.jpg"))) for name in COUNTS}


def _complete(folder: Path) -> bool:
    """Whether the five classes are there with pictures: half an archive, or another data set, is not taken."""
    counts = _counts(folder)
    return counts == COUNTS or (folder.name == FOLDER and min(counts.values()) > 1)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file())


def _split(folder: Path, files: list[Path], held_out: int) -> Flowers:
    files = list(files)
    random.Random(0).shuffle(files)
    return _parts(folder, files[held_out:], files[:held_out])


def _parts(folder: Path, train: list[Path], validation: list[Path]) -> Flowers:
    def class_of(file: Path) -> str:
        inside = file.relative_to(folder).parts
        return inside[0] if len(inside) > 1 else folder.name

    names = sorted({class_of(file) for file in [*train, *validation]})

    def part(files: Iterable[Path]) -> Part:
        files = list(files)
        return Part([str(file) for file in files], np.array([names.index(class_of(f)) for f in files], np.int64))

    return Flowers(folder, names, part(train), part(validation))


def _stand_in() -> Path:
    """Return the folder of the stand-in, made if it is not there: pieces of photos that two packages ship.

    Five classes of JPEGs of 256×256. No photo gives pictures to both the training and the validation set.
    """
    wanted = sum(count for _, count in [*_TRAIN.values(), *_VALIDATION.values()])
    if len(_pictures(STAND_IN)) == wanted:
        return STAND_IN
    from importlib.util import find_spec

    from filelock import FileLock
    from PIL import Image

    STAND_IN.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(STAND_IN.with_name(f".{STAND_IN.name}.lock")):
        if len(_pictures(STAND_IN)) == wanted:
            return STAND_IN
        # Found without an import: that of scikit-learn takes seconds.
        packages = [Path(find_spec(name).submodule_search_locations[0]) for name in ("skimage", "sklearn")]
        folders = [packages[0] / "data", packages[1] / "datasets" / "images"]
        for part, photos in (("", _TRAIN), (HELD_OUT, _VALIDATION)):
            for photo, (name, count) in photos.items():
                (STAND_IN / name).mkdir(parents=True, exist_ok=True)
                whole = Image.open(next(folder / photo for folder in folders if (folder / photo).exists()))
                whole = whole.convert("RGB")
                rng = np.random.default_rng(sum(map(ord, photo)))
                for number in range(count):
                    piece = _piece(whole, rng)
                    path = STAND_IN / name / f"{part}{Path(photo).stem}-{number:02}.jpg"
                    piece.save(path.with_suffix(".part"), "jpeg", quality=95, subsampling=0)
                    path.with_suffix(".part").replace(path)
    return STAND_IN


def _piece(whole: Any, rng: np.random.Generator) -> Any:
    """Return a square piece of a photo, taken from 1 to 1.7 times its final edge: the smaller, the sharper."""
    from PIL import Image

    width, height = whole.size
    edge = round(min(width, height, _EDGE * rng.uniform(1, 1.7)))
    left, top = (int(rng.integers(0, rest + 1)) for rest in (width - edge, height - edge))
    return whole.resize((_EDGE, _EDGE), Image.Resampling.BICUBIC, (left, top, left + edge, top + edge))
