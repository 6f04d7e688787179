"""Pictures in and out of the super-resolution examples 93 to 96: crops, PSNR and SSIM by scikit-image, figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from utils import figures
from utils.data import DataOptions, flowers

LUMA = np.array([0.299, 0.587, 0.114])
MEASURES = ("PSNR", "Y-PSNR", "SSIM")


class Crops:
    """Training pictures in memory, and random crops of them, turned and mirrored at random.

    `files`: the pictures' paths; `edge`: of the crops, in pixels.
    """

    def __init__(self, options: DataOptions, files: Sequence[str], edge: int) -> None:
        self.edge = edge
        self.pictures = [padded(flowers.read(file), edge) for file in files]
        self.position = 0  # batches given so far: each hangs on the seed and its number, so a training can be resumed
        self._seed = options.seed
        options.readers.append(self)

    def next_batch(self, size: int) -> np.ndarray:
        """Return `size` crops, uint8 [size, edge, edge, 3]."""
        rng = np.random.default_rng([self._seed, self.position])
        self.position += 1
        batch = np.empty((size, self.edge, self.edge, 3), np.uint8)
        for row, number in enumerate(rng.integers(0, len(self.pictures), size)):
            picture = self.pictures[number]
            top, left = (rng.integers(0, length - self.edge + 1) for length in picture.shape[:2])
            crop = picture[top : top + self.edge, left : left + self.edge]
            crop = crop[:, ::-1] if rng.integers(2) else crop
            batch[row] = crop.transpose(1, 0, 2) if rng.integers(2) else crop
        return batch


def padded(picture: np.ndarray, edge: int) -> np.ndarray:
    """Return `picture` [h, w, 3], mirrored at its rims where it is smaller than `edge`."""
    missing = [max(0, edge - length) for length in picture.shape[:2]]
    return np.pad(picture, [*((m // 2, m - m // 2) for m in missing), (0, 0)], "symmetric") if any(missing) else picture


def middles(files: Sequence[str], edge: int, count: int) -> np.ndarray:
    """Return the middles of `count` pictures, taken evenly from the list (of all, if fewer): uint8 [n, e, e, 3]."""
    chosen = np.unique(np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int))
    pictures = [padded(flowers.read(files[number]), edge) for number in chosen]
    corners = [[(length - edge) // 2 for length in picture.shape[:2]] for picture in pictures]
    return np.stack([p[top : top + edge, left : left + edge] for p, (top, left) in zip(pictures, corners, strict=True)])


def as_pixels(pictures: np.ndarray) -> np.ndarray:
    """Return what a screen shows of pictures of any float values: clipped to 0…255 and rounded, uint8."""
    return np.clip(np.round(pictures), 0, 255).astype(np.uint8)


def measure(originals: np.ndarray, enlarged: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Return method → PSNR and Y-PSNR in dB and SSIM by scikit-image, each the mean over the pictures.

    `originals`: uint8 [n, h, w, 3] or [n, h, w] (then without Y-PSNR); `enlarged`: method → pictures of that shape and
    type. The SSIM has windows of 7×7. "better" is the share of the pictures whose PSNR is above bicubic's.
    """
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    colour = originals.ndim == 4
    found, single = {}, {}
    for method, pictures in enlarged.items():
        rows = []
        for true, made in zip(originals, pictures, strict=True):
            scores = [peak_signal_noise_ratio(true, made)]
            if colour:
                scores.append(peak_signal_noise_ratio(true @ LUMA, made @ LUMA, data_range=255))
            scores.append(structural_similarity(true, made, channel_axis=-1 if colour else None))
            rows.append(scores)
        single[method] = np.array(rows)[:, 0]
        found[method] = dict(zip(MEASURES if colour else ("PSNR", "SSIM"), np.mean(rows, 0).tolist(), strict=True))
        print(f"  {method:9}", "  ".join(f"{name} {value:.4f}" for name, value in found[method].items()), flush=True)
    for method in enlarged:
        found[method]["better"] = float(np.mean(single[method] > single["bicubic"]))
    return found


def sharpness(pictures: np.ndarray, originals: np.ndarray) -> float:
    """Return how steep the brightness of `pictures` is, from pixel to pixel, in parts of the originals' steepness.

    Both uint8 [n, h, w, 3]. 1: as sharp (or as noisy) as the originals.
    """

    def steepness(images: np.ndarray) -> float:
        y = images @ LUMA
        return float(np.abs(np.diff(y, axis=1)).mean() + np.abs(np.diff(y, axis=2)).mean())

    return steepness(pictures) / steepness(originals)


def report(ex: Any, measured: Mapping[str, Mapping[str, float]], ours: str) -> None:
    """Put what `measure` returned into the table of results: each figure, and the gain of `ours` over bicubic."""
    for method, scores in measured.items():
        for name, value in scores.items():
            if name != "better":
                ex.report(f"{name}, {method}", value)
    for name in measured[ours]:
        if name != "better":
            ex.report(f"{name} gain over bicubic", measured[ours][name] - measured["bicubic"][name])
    ex.report("pictures better than bicubic's", measured[ours]["better"])


def panels(
    original: np.ndarray, small: np.ndarray, made: Mapping[str, np.ndarray], measured: Mapping[str, Mapping[str, float]]
) -> Any:
    """Draw one picture as the book does: the original, the input, and each method with its figures above.

    All uint8 [h, w, 3]; `made` and `measured`: by method, the latter what ``measure`` found over all pictures.
    """
    titles = {"original": original, f"input, {small.shape[1]}×{small.shape[0]}": small}
    for method, picture in made.items():
        scores = measured[method]
        titles[f"{method}\n{scores['PSNR']:.2f}  y: {scores['Y-PSNR']:.2f}  s: {scores['SSIM']:.3f}"] = picture
    height = 20 / len(titles) + 0.6
    figure, axes = plt.subplots(1, len(titles), figsize=(20, height))
    for axis, (title, picture) in zip(axes, titles.items(), strict=True):
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title, fontsize=13)
        axis.axis("off")
    figure.subplots_adjust(0.004, 0.02, 0.996, 1 - 0.65 / height, 0.03)
    return figure


def detail_of(picture: np.ndarray, edge: int) -> tuple[slice, slice]:
    """Return where in `picture` [h, w, 3] a square of `edge` pixels has the most contrast: slices of rows, columns.

    `edge`: 2 at least.
    """
    steps = np.abs(np.diff(picture @ LUMA, axis=0))[:, 1:]
    sums = np.pad(steps, ((1, 0), (1, 0))).cumsum(0).cumsum(1)  # of the steps above and left of a place
    n = edge - 1
    squares = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    top, left = np.unravel_index(squares.argmax(), squares.shape)
    return slice(top, top + edge), slice(left, left + edge)


def details(rows: Mapping[str, np.ndarray], edge: int, count: int = 5) -> Any:
    """Draw the most contrasted square of some pictures, the same place in each row.

    `rows`: name → uint8 [n, h, w, 3]; the first row, the originals, decides where. `edge`: of the squares, in pixels.
    """
    originals = next(iter(rows.values()))
    edge = min(edge, *(length // 2 for length in originals.shape[1:3]))
    chosen = np.unique(np.linspace(0, len(originals) - 1, count).round().astype(int))
    places = {n: detail_of(originals[n], edge) for n in chosen}
    cut = {name: [pictures[n][place] / 255 for n, place in places.items()] for name, pictures in rows.items()}
    return figures.image_rows(cut, size=2.2)
