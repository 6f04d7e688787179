"""Knifey-Spoony, Hvass Labs' 4,700 frames of videos of forks, knives and spoons, as the archive unpacks.

``knifey-spoony/<class>/*.jpg`` are the training pictures of a class, ``knifey-spoony/<class>/test/*.jpg`` its test
pictures, which have other backgrounds. All are 200×200. Pictures of one's own are read from the same layout.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import DataOptions, locate
from utils.paths import DATASETS, shown
from utils.problems import Problem, WrongFlag, disk_problem, write_json

# Public domain. Neither the author nor a registry states a hash of it, so it is not fetched from here.
URL = "https://github.com/Hvass-Labs/knifey-spoony/raw/master/knifey-spoony.tar.gz"
FOLDER = "knifey-spoony"
COUNTS = {"forky": (994, 151), "knifey": (1210, 137), "spoony": (1966, 242)}  # training and test pictures
KINDS = (".jpg", ".jpeg")
EDGE = 200
STAND_IN = DATASETS / "stand-in" / FOLDER
# As uneven as the real set; in videos of ten frames.
STAND_IN_COUNTS = {"forky": (100, 50), "knifey": (120, 50), "spoony": (200, 80)}
FRAMES = 10


@dataclass(frozen=True)
class Part:
    """The training or the test pictures: their paths, and int64 labels [n], numbers into ``Knifey.names``."""

    files: list[Path]
    labels: np.ndarray


@dataclass(frozen=True)
class Knifey:
    """The data set: its ``folder``, the ``names`` of the classes in label order, ``train`` and ``test``."""

    folder: Path
    names: list[str]
    train: Part
    test: Part

    def save(self, path: Path) -> None:
        """Write the names of the files and their classes to `path` as JSON, the names as seen from the folder."""
        parts = {
            part_name: [
                [file.relative_to(self.folder).as_posix(), int(label)] for file, label in zip(*part, strict=True)
            ]
            for part_name, part in (
                ("train", (self.train.files, self.train.labels)),
                ("test", (self.test.files, self.test.labels)),
            )
        }
        write_json(path, {"folder": str(self.folder), "names": self.names, **parts})


def load(options: DataOptions | None = None, images: str = "") -> Knifey:
    """Return Knifey-Spoony from the reader's folder, ``datasets/``, or its stand-in, in this order.

    `images`: a folder of one's own in the same layout instead, with any classes. The files are sorted, so that the
    labels are the same on every machine; they are not read yet. WrongFlag for a folder without classes or
    without test pictures.
    """
    options = options or DataOptions()
    if images:
        folder = Path(images).expanduser()
        if not folder.is_dir():
            raise WrongFlag(f"--images {images}: no such folder")
        folder = folder.resolve()
        counts = _counts(folder)
        lacking = [name for name, (train, test) in counts.items() if not (train and test)]
        if len(counts) < 2 or lacking:
            which = f"{lacking[0]} lacks some" if lacking else f"there are {len(counts)} classes"
            raise WrongFlag(
                f"--images {images}: two classes at least are wanted, each a folder CLASS with *.jpg to train on and "
                f"CLASS/test with *.jpg to test on; {which}"
            )
        options.note("pictures", f"your own in {shown(folder)}, {', '.join(counts)}", real=False, ours=True)
        return _scan(folder)
    folder = locate(options, _places, _complete, fetch, _stand_in)
    if folder == STAND_IN:
        options.note("Knifey-Spoony", f"forks, knives and spoons drawn in {shown(folder)}", real=False)
    else:
        real = _counts(folder) == COUNTS
        other = f"other pictures than Knifey-Spoony's in {shown(folder)}"
        options.note("Knifey-Spoony", shown(folder) if real else other, real=real)
    return _scan(folder)


def read(file: str | Path) -> np.ndarray:
    """Return a picture [height, width, 3], uint8; Problem where the file cannot be read."""
    from PIL import Image

    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Problem(f"{shown(Path(file))} is not a picture or a damaged one ({error}): take it away") from None


def fetch(folder: Path) -> Path:
    """Raise a Problem that says how to get the archive: without a known hash nothing is downloaded and trusted."""
    raise Problem(
        f"Knifey-Spoony has no published hash, so it is not fetched unasked: download {URL} and unpack it in "
        f"{shown(folder)}, or name a folder of your own with --images"
    )


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds of Knifey-Spoony (``real``, ``other``, ``missing``) and where."""
    place = next((place for place in _places(folder) if place.is_dir() and _complete(place)), None)
    if place is None:
        return "missing", None
    return ("real" if _counts(place) == COUNTS else "other"), place


def _places(folder: Path) -> tuple[Path, ...]:
    return folder / FOLDER, folder


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file())


def _counts(folder: Path) -> dict[str, tuple[int, int]]:
    """Return how many training and test pictures each class has: those folders that have any."""
    counts = {
        path.name: (len(_pictures(path)), len(_pictures(path / "test")))
        for path in sorted(folder.iterdir())
        if path.is_dir()
    }
    return {name: count for name, count in counts.items() if any(count)}


def _complete(folder: Path) -> bool:
    """Whether the three classes are there, each with training and test pictures."""
    if not all((folder / name / "test").is_dir() for name in COUNTS):
        return False
    counts = _counts(folder)
    return set(counts) == set(COUNTS) and all(min(count) > 0 for count in counts.values())


def _scan(folder: Path) -> Knifey:
    names = list(_counts(folder))

    def part(inside: str) -> Part:
        found = [_pictures(folder / name / inside) for name in names]
        labels = np.repeat(np.arange(len(names)), [len(files) for files in found])
        return Part([file for files in found for file in files], labels.astype(np.int64))

    return Knifey(folder, names, part(""), part("test"))


def _stand_in() -> Path:
    """Return the folder of the stand-in, made if it is not there (some seconds, 4 MB)."""
    if STAND_IN.is_dir() and _counts(STAND_IN) == STAND_IN_COUNTS:
        return STAND_IN
    from filelock import FileLock

    try:
        STAND_IN.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(STAND_IN.with_name(f".{STAND_IN.name}.lock")):
            if not (STAND_IN.is_dir() and _counts(STAND_IN) == STAND_IN_COUNTS):
                scratch = STAND_IN.with_name(f".{STAND_IN.name}.part")  # what a killed process left lies in here
                shutil.rmtree(scratch, ignore_errors=True)
                for number, (name, (train, test)) in enumerate(STAND_IN_COUNTS.items()):
                    _videos(scratch / name, name, train, number, test=False)
                    _videos(scratch / name / "test", f"{name}-test", test, number, test=True)
                shutil.rmtree(STAND_IN, ignore_errors=True)  # one that lacks files
                scratch.replace(STAND_IN)
    except OSError as error:
        raise Problem(disk_problem(error) or f"{shown(STAND_IN)}: {error}") from None
    return STAND_IN


def _videos(folder: Path, name: str, count: int, kind: int, *, test: bool) -> None:
    """Draw `count` frames of class `kind`: in each video the thing, the light and the ground are the same."""
    folder.mkdir(parents=True)
    for video in range(count // FRAMES):
        rng = np.random.default_rng([kind, video, test])
        ground = _ground(rng, test)
        thing = _thing(kind, rng)
        angle = rng.uniform(0, 360)
        for frame in range(FRAMES):
            angle += rng.normal(0, 12)
            picture = _frame(thing, ground, angle, rng)
            picture.save(folder / f"{name}-{video + 1:02}-{frame + 1:04}.jpg", "jpeg", quality=90)


def _ground(rng: np.random.Generator, test: bool) -> np.ndarray:
    """Return a background, float32 [EDGE, EDGE, 3] of 0 to 255: a table top; for the test set a patterned cloth."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32) / EDGE
    turn = rng.uniform(0, np.pi)
    along = x * np.cos(turn) + y * np.sin(turn)
    if not test:  # brown and grey, with a soft grain
        colour = np.array([150, 120, 90]) * rng.uniform(0.5, 1.3) + rng.normal(0, 18, 3)
        pattern = 10 * np.sin(along * rng.uniform(8, 30) + 3 * np.sin(7 * y))
    else:  # blue, green or red checks
        colour = rng.permutation([60, 110, 170]) + rng.normal(0, 20, 3)
        across = -x * np.sin(turn) + y * np.cos(turn)
        width = rng.uniform(25, 60)
        pattern = 14 * (np.sign(np.sin(along * width)) + np.sign(np.sin(across * width))) / 2
    light = 25 * (x - 0.5) * rng.choice([-1, 1])
    return (colour + (pattern + light)[..., None]).astype(np.float32)


def _thing(kind: int, rng: np.random.Generator) -> Any:
    """Return a fork (0), knife (1) or spoon (2) as a grey picture of twice the edge; what is 0 is not there."""
    from PIL import Image, ImageDraw

    edge = 2 * EDGE
    middle, top, bottom = edge / 2, edge * rng.uniform(0.1, 0.18), edge * rng.uniform(0.82, 0.9)
    half = edge * rng.uniform(0.055, 0.085)  # of the head's width
    neck = top + edge * rng.uniform(0.24, 0.32)
    grip = edge * rng.uniform(0.014, 0.026)
    shade = int(rng.integers(150, 235))
    picture = Image.new("L", (edge, edge))
    draw = ImageDraw.Draw(picture)

    draw.polygon(
        [(middle - grip, neck), (middle + grip, neck), (middle + 1.7 * grip, bottom), (middle - 1.7 * grip, bottom)],
        shade,
    )
    draw.ellipse([middle - 1.7 * grip, bottom - 2 * grip, middle + 1.7 * grip, bottom + 2 * grip], shade)
    if kind == 0:
        root = neck - edge * rng.uniform(0.06, 0.1)
        draw.ellipse([middle - half, root - half, middle + half, neck + grip], shade)
        tines = int(rng.choice([3, 4]))
        for place in np.linspace(-half, half, tines):
            width = 0.45 * half / tines * 2
            draw.rounded_rectangle(
                [middle + place - width / 2, top, middle + place + width / 2, root], width / 2, shade
            )
    elif kind == 1:
        blade = neck + edge * 0.1
        curve = [(middle - grip, blade), (middle - grip, top + 2 * half)]
        curve += [
            (middle - grip + half * np.sin(t), top + 2 * half * (1 - np.sin(t))) for t in np.linspace(0.1, 1.4, 8)
        ]
        curve += [(middle + half * 0.8, top + 2 * half), (middle + half * 0.7, blade)]
        draw.polygon([(float(a), float(b)) for a, b in curve], shade)
    else:
        draw.ellipse([middle - 1.25 * half, top, middle + 1.25 * half, neck + grip], shade)
        draw.ellipse([middle - 0.8 * half, top + half * 0.5, middle + 0.8 * half, neck - half * 0.4], int(shade * 0.8))
    return picture


def _frame(thing: Any, ground: np.ndarray, angle: float, rng: np.random.Generator) -> Any:
    """Return the thing, turned and moved, with its shadow on the ground, as a picture of EDGE×EDGE."""
    from PIL import Image

    scale = rng.uniform(0.75, 1.05)
    turned = thing.rotate(angle, Image.Resampling.BILINEAR).resize([round(EDGE * scale)] * 2, Image.Resampling.BOX)
    left, upper = (round((EDGE - turned.width) / 2 + rng.normal(0, 8)) for _ in range(2))

    def placed(shift: int) -> np.ndarray:
        whole = Image.new("L", (EDGE, EDGE))
        whole.paste(turned, (left + shift, upper + shift))
        return np.asarray(whole, np.float32)[..., None]

    there = placed(0)
    cover = np.minimum(there / 110, 1)
    picture = ground * (1 - 0.35 * np.minimum(placed(5) / 110, 1)) * (1 - cover) + there * cover
    picture += rng.normal(0, rng.uniform(3, 9), (EDGE, EDGE, 3))
    return Image.fromarray(np.clip(picture * rng.uniform(0.9, 1.08), 0, 255).astype(np.uint8))
