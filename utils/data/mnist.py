"""MNIST, the handwritten digits of LeCun, Cortes and Burges, with the reader of the TensorFlow 1.x tutorials.

Four IDX files; they are small and in the repository (``datasets/mnist/``). The reader gives what
``input_data.read_data_sets`` gave: the first 5,000 training pictures are the validation set, pixels are float32 in
[0, 1], and ``next_batch`` shuffles once per epoch.
"""

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data import DataOptions, download, locate
from utils.paths import DATASETS, shown
from utils.problems import Problem

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)


@dataclass(frozen=True)
class _File:
    name: str
    size: int  # of the published .gz file
    sha256: str  # of the published .gz file
    content: str  # SHA-256 of what is in it
    shape: tuple[int, ...]


FILES = (
    _File(
        "train-images-idx3-ubyte",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        (60_000, 28, 28),
    ),
    _File(
        "train-labels-idx1-ubyte",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        (60_000,),
    ),
    _File(
        "t10k-images-idx3-ubyte",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        (10_000, 28, 28),
    ),
    _File(
        "t10k-labels-idx1-ubyte",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        (10_000,),
    ),
)
VALIDATION = 5_000
STAND_IN = DATASETS / "stand-in" / "mnist"


class DataSet:
    """One of the three parts of MNIST.

    ``images``: float32 [n, 784], values 0 to 1. ``labels``: float32 [n, 10] one-hot, or int64 [n]. ``cls``: int64 [n].
    """

    def __init__(self, images: np.ndarray, cls: np.ndarray, *, one_hot: bool, seed: list[int], old: bool) -> None:
        self.images = images
        self.cls = cls
        self.labels = np.eye(10, dtype=np.float32)[cls] if one_hot else cls
        self.num_examples = len(images)
        self._seed = seed
        self._old = old
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
        if self._old and epoch == 0:
            return np.arange(self.num_examples)
        return np.random.default_rng([*self._seed, epoch]).permutation(self.num_examples)

    def next_batch(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the next `size` pictures and labels; an epoch's rest is filled up from the next epoch.

        With the loader of TensorFlow 0.12 the rest of an epoch is dropped instead. ValueError for a size that is not
        in 1…num_examples.
        """
        if not 1 <= size <= self.num_examples:
            raise ValueError(f"a batch has 1 to {self.num_examples} pictures, not {size}")
        chosen = self._order[self._next : self._next + size]
        self._next += len(chosen)
        if len(chosen) < size:
            rest = chosen[:0] if self._old else chosen
            self.position = [self._epoch + 1, size - len(rest)]
            chosen = np.concatenate([rest, self._order[: self._next]])
        return self.images[chosen], self.labels[chosen]


@dataclass(frozen=True)
class Digits:
    """The three parts: 55,000 training, 5,000 validation and 10,000 test pictures."""

    train: DataSet
    validation: DataSet
    test: DataSet


def load(options: DataOptions | None = None, *, one_hot: bool = True, loader: str = "tf-1.x") -> Digits:
    """Return MNIST.

    `loader`: ``"tf-1.x"`` shuffles every epoch; ``"tf-0.12"`` is the one behind Hvass Labs' figures: it takes the
    first epoch in file order and drops an epoch's incomplete last batch.
    """
    if loader not in ("tf-1.x", "tf-0.12"):
        raise ValueError(f"loader must be 'tf-1.x' or 'tf-0.12', not {loader!r}")
    options = options or DataOptions()
    folder = locate(options, _places, _complete, fetch, _stand_in)
    arrays, genuine = zip(*(_read(folder, file) for file in FILES), strict=True)
    train_images, train_cls, test_images, test_cls = arrays
    kind = ""
    if not all(genuine):
        kind = "scikit-learn's small digits in " if folder == STAND_IN else "other digits than MNIST's in "
    options.note("MNIST", f"{kind}{shown(folder)}", real=all(genuine))
    train_pixels, test_pixels = (_pixels(images) for images in (train_images, test_images))

    def part(images: np.ndarray, cls: np.ndarray, number: int) -> DataSet:
        made = DataSet(images, cls, one_hot=one_hot, seed=[options.seed, number], old=loader == "tf-0.12")
        options.readers.append(made)
        return made

    return Digits(
        part(train_pixels[VALIDATION:], train_cls[VALIDATION:], 0),
        part(train_pixels[:VALIDATION], train_cls[:VALIDATION], 1),
        part(test_pixels, test_cls, 2),
    )


def _pixels(images: np.ndarray) -> np.ndarray:
    return np.multiply(images.reshape(len(images), -1), np.float32(1 / 255), dtype=np.float32)


def _path(folder: Path, file: _File) -> Path | None:
    """Return the IDX file in `folder`, packed or unpacked, or None."""
    paths = (folder / f"{file.name}.gz", folder / file.name)
    return next((path for path in paths if path.is_file()), None)


def _places(folder: Path) -> tuple[Path, Path]:
    return folder / "mnist", folder


def _complete(folder: Path) -> bool:
    return all(_path(folder, file) for file in FILES)


def fetch(folder: Path) -> Path:
    """Download the four files into ``folder/mnist`` and return that; Problem where no mirror has them."""
    for file in FILES:
        if _path(folder / "mnist", file) is None:
            urls = [f"{mirror}{file.name}.gz" for mirror in MIRRORS]
            download.fetch(urls, folder / "mnist", f"{file.name}.gz", sha256=file.sha256, size=file.size)
    return folder / "mnist"


def status(folder: Path) -> tuple[str, Path | None]:
    """Return what `folder` holds of MNIST (``real``, ``other``, ``missing``) and where."""
    place = next((place for place in _places(folder) if _complete(place)), None)
    if place is None:
        return "missing", None
    return ("real" if all(_read(place, file)[1] for file in FILES) else "other"), place


def _read(folder: Path, file: _File) -> tuple[np.ndarray, bool]:
    """Return the array in an IDX file and whether it is MNIST's own; Problem where it is damaged."""
    path = _path(folder, file)
    assert path is not None  # _complete said so
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise Problem(f"{shown(path)} is damaged ({error}): {_advice(path)}") from None
    rank = len(file.shape)
    header = 4 + 4 * rank
    magic, *shape = struct.unpack(f">{rank + 1}i", content[:header]) if len(content) >= header else (0,)
    wanted = int(np.prod(file.shape))
    if magic != 0x800 + rank or tuple(shape) != file.shape or len(content) != header + wanted:
        raise Problem(
            f"{shown(path)} is not MNIST's {file.name}: it has magic number {magic}, shape {tuple(shape)} and "
            f"{len(content):,} bytes, not {0x800 + rank}, {file.shape} and {header + wanted:,}: {_advice(path)}"
        )
    array = np.frombuffer(content, np.uint8, offset=header).reshape(file.shape)
    if rank == 1:
        array = array.astype(np.int64)
        if array.max() > 9:
            raise Problem(f"{shown(path)} holds the label {array.max()}; digits are 0 to 9: {_advice(path)}")
    return array, hashlib.sha256(content).hexdigest() == file.content


def _advice(path: Path) -> str:
    if path.is_relative_to(STAND_IN):
        return f"delete {shown(STAND_IN)}, it is made anew"
    return "delete it, and `python run.py data mnist` fetches it again"


def _stand_in() -> Path:
    """Return the folder of the stand-in, made if it is not there: scikit-learn's 1,797 digits, enlarged and shifted.

    The test pictures come from other writers' digits than the training pictures.
    """
    if _complete(STAND_IN):
        return STAND_IN
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    small, cls = load_digits(return_X_y=True)
    large = zoom(small.reshape(-1, 8, 8), (1, 2.5, 2.5), order=1) * (255 / 16)
    rng = np.random.default_rng(0)
    STAND_IN.mkdir(parents=True, exist_ok=True)
    for images, labels, chosen in ((FILES[0], FILES[1], slice(300, None)), (FILES[2], FILES[3], slice(0, 300))):
        count = images.shape[0]
        base = rng.integers(0, len(large[chosen]), count)
        strength = rng.uniform(0.7, 1.0, (count, 1, 1))
        pictures = np.zeros((count, 28, 28), np.uint8)
        corner = rng.integers(2, 7, (count, 2))
        for top in range(2, 7):
            for left in range(2, 7):
                here = np.flatnonzero((corner == (top, left)).all(axis=1))
                pictures[here, top : top + 20, left : left + 20] = large[chosen][base[here]] * strength[here]
        _write(STAND_IN / f"{images.name}.gz", pictures)
        _write(STAND_IN / f"{labels.name}.gz", cls[chosen][base].astype(np.uint8))
    return STAND_IN


def _write(path: Path, array: np.ndarray) -> None:
    header = struct.pack(f">{array.ndim + 1}i", 0x800 + array.ndim, *array.shape)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=1, mtime=0))
    part.replace(path)
