"""How chapter 12's GANs on MNIST are looked at and measured."""

import time

import matplotlib.pyplot as plt
import numpy as np

from utils import figures, summaries
from utils.digit_judge import spread

GAP = 5  # pixels of white round each digit of a sheet
EDGE = 28
DRAWN = 500  # digits drawn at once
CODE_VALUES = np.linspace(-2, 2, 9)


class Stopwatch:
    """Adds up the seconds inside ``with stopwatch:`` and counts how often it was entered."""

    def __init__(self):
        self.count, self.seconds = 0, 0.0

    def __enter__(self):
        self._start = time.perf_counter()

    def __exit__(self, *error):
        self.count += 1
        self.seconds += time.perf_counter() - self._start

    @property
    def per_second(self):
        return self.count / self.seconds if self.count else 0.0


def in_batches(function, *arrays):
    """Return `function` of the rows of `arrays`, computed 500 rows at a time."""
    parts = range(0, len(arrays[0]), DRAWN)
    return np.concatenate([function(*(array[i : i + DRAWN] for array in arrays)) for i in parts])


def mean_in_batches(function, *arrays):
    """Return the mean of what `function` returns for each 500 rows of `arrays`."""
    parts = range(0, len(arrays[0]), DRAWN)
    return np.mean([function(*(array[i : i + DRAWN] for array in arrays)) for i in parts], axis=0)


# %% Sheets of digits, from the same noise at each stage of a training
def sheet_of(pictures):
    """Return digits [rows, columns, 784] as one picture with white gaps: [33 · rows + 5, 33 · columns + 5]."""
    rows, columns, _ = pictures.shape
    cells = pictures.reshape(rows, columns, EDGE, EDGE)
    cells = np.pad(cells, ((0, 0), (0, 0), (GAP, 0), (GAP, 0)), constant_values=1)
    lines = cells.transpose(0, 2, 1, 3).reshape(rows * (EDGE + GAP), columns * (EDGE + GAP))
    return np.pad(lines, (0, GAP), constant_values=1)


def sheets(ex):
    """Return the folder for the sheets, beside the curves of this run: the next run does not overwrite them."""
    folder = ex.logs / "out"  # the book's folder out/
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save_sheet(ex, pictures, step, name):
    """Save digits [rows, columns, 784] as ``out/<name>.png`` and as `samples` in TensorBoard."""
    sheet, path = sheet_of(pictures), sheets(ex) / f"{name}.png"
    plt.imsave(path, sheet, cmap="gray", vmin=0, vmax=1)
    ex.writer.add_summary(summaries.png("samples", path.read_bytes(), *sheet.shape), step)


def real_digits(digits):
    """Return test digits to set beside a sheet whose columns are the labels: [10, 10, 784]."""
    return np.stack([digits.test.images[digits.test.cls == digit][:10] for digit in range(10)], axis=1)


def growth(ex, last, real):
    """Draw some of the saved sheets side by side, in order, and at the end one of the `real` digits.

    `last`: the name of the last sheet; `real`: [rows, columns, 784].
    """
    kept = sorted(path for path in sheets(ex).glob("*.png") if path.stem != last)
    kept = kept[:: max(1, len(kept) // 3)][:3]
    panels = [(path.stem, plt.imread(path)[..., 0]) for path in [*kept, sheets(ex) / f"{last}.png"]]
    panels.append(("test pictures", sheet_of(real)))
    height, width = panels[0][1].shape
    figure, axes = plt.subplots(1, len(panels), figsize=(3 * len(panels), 3 * height / width + 0.3))
    for axis, (name, sheet) in zip(axes, panels, strict=True):
        axis.imshow(sheet, cmap="gray", vmin=0, vmax=1)
        axis.set_title(name)
        axis.axis("off")
    figure.tight_layout()
    return figure


# %% The judge's word
def verdict(judge, pictures, labels=None):
    """Measure generated digits [n, 784]: their spread over the classes, their Fréchet distance from real ones.

    With the `labels` [n] that were asked for: the share of them that the judge reads in the pictures, too.
    """
    classes = judge.classes(pictures)
    values = {} if labels is None else {"agreement": float((classes == labels).mean())}
    return values | {"spread": spread(classes)[1] + 0.0, "frechet_distance": judge.distance(pictures)}


def recorded(ex):
    """Return the first and the last verdict that a training recorded: before it and after it."""
    names = ("agreement", "spread", "frechet_distance")
    return [{name: ex.history[name][place][1] for name in names} for place in (0, -1)]


def report_verdicts(ex, judge, digits, untrained, trained):
    """Report the verdicts on a generator before and after its training, beside what real test digits get."""
    real = {
        "agreement": judge.accuracy,
        "spread": spread(judge.classes(digits.test.images))[1],
        "frechet_distance": judge.distance_of_real(),
    }
    names = {
        "agreement": "digits that the judge reads as asked",
        "spread": "evenness over the ten digits",
        "frechet_distance": "Fréchet distance",
    }
    for key in trained:
        ex.report(f"{names[key]}, untrained generator", untrained[key])
        ex.report(f"{names[key]}, trained generator", trained[key])
        ex.report(f"{names[key]}, real test digits", real[key])


def best_renaming(asked, judged):
    """Return how often `judged` [n] equals `asked` [n] once the ten labels are exchanged so that most agree."""
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((10, 10), int)
    np.add.at(table, (asked, judged), 1)
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / len(asked))


def asked_and_judged(asked, judged):
    """Draw how often a digit that was asked for (row) is read as which (column). Both [n]."""
    figure = figures.confusion_matrix(asked, judged)
    figure.axes[0].set(xlabel="digit that the judge reads", ylabel="digit that was asked for")
    return figure


# %% The figures that the book prints
def report_epochs(ex, book, tolerances):
    """Report loss_d and loss_g of the last batch after the steps in `book`: step → the book's two losses."""
    for epoch, (step, losses) in enumerate(book.items(), start=1):
        for name, published, tolerance in zip(("loss_d", "loss_g"), losses, tolerances, strict=True):
            then = dict(ex.history[name]).get(step)
            if then is not None:
                ex.report(f"{name}, epoch {epoch}", then, book=published, tolerance=tolerance)


def print_ten(labels, classes, codes, found):
    """Print for ten generated digits what the discriminator finds in them, and what they were drawn from."""
    values = "({:6.3f}, {:6.3f})".format
    for label, predicted, put_in, back in zip(labels, classes, codes, found, strict=True):
        print(f"predicted class {predicted}, label {label}, codes put in {values(*put_in)}, found {values(*back)}")


def ten_digits(digits, drawn):
    """Draw the first ten test digits over the digits `drawn` [10, 784] for their labels: the book's 2×10 figures."""
    rows = {"test digits": digits.test.images[:10], "generated": drawn}
    return figures.image_rows(rows, [str(digit) for digit in digits.test.cls[:10]])


# %% What the two codes do (figure 12-4)
def slant(pictures):
    """Return how far the strokes of digits [n, 784] lean to the right, in degrees [n]."""
    ink = pictures.reshape(-1, EDGE, EDGE) + 1e-9
    ink = ink / ink.sum(axis=(1, 2), keepdims=True)
    down, right = np.mgrid[:EDGE, :EDGE].astype(float)
    down = down - (ink * down).sum(axis=(1, 2))[:, None, None]
    right = right - (ink * right).sum(axis=(1, 2))[:, None, None]
    return -np.degrees(np.arctan2((ink * down * right).sum(axis=(1, 2)), (ink * down**2).sum(axis=(1, 2))))


def book_sweep(draw, noise):
    """Draw figure 12-4. Down: code 1 from 0 to 1. To the right: code 2 from 0 to 1, and the class.

    `draw(labels, codes, random)` returns digits; `noise`: [100, 38], since the book draws new noise for each tile.
    """
    values = np.linspace(0.0001, 0.99999, 10)
    down, right = np.repeat(np.arange(10), 10), np.tile(np.arange(10), 10)
    tiles = draw(right, np.stack([values[down], values[right]], axis=1), noise)
    figure, axis = plt.subplots(figsize=(10, 10))
    axis.imshow(tiles.reshape(10, 10, EDGE, EDGE).transpose(0, 2, 1, 3).reshape(280, 280), cmap="Greys_r")
    axis.set(xlabel="class, and code 2 from 0 to 1", ylabel="code 1 from 1 (below) to 0 (above)", xticks=[], yticks=[])
    figure.tight_layout()
    return figure


def clean_sweep(draw, column, noise):
    """Change one input alone: [10, 9, 784]. Down: the ten classes. To the right: the input from −2 to 2.

    `column`: 0 and 1 are the codes, which are 0 else, and 2 to 39 the random numbers. `noise`: [38], the same in all.
    """
    labels, place = np.repeat(np.arange(10), len(CODE_VALUES)), np.tile(CODE_VALUES, 10)
    inputs = np.tile(np.concatenate([[0, 0], noise]), (len(labels), 1))
    inputs[:, column] = place
    return draw(labels, inputs[:, :2], inputs[:, 2:]).reshape(10, len(CODE_VALUES), 784)


def code_effects(draw, noises):
    """Return what code 1, code 2 and, to compare, a random number change along clean sweeps, a dict for each.

    ``slant`` and ``ink``: means over digits at each of the nine values, in degrees and as a share of the area.
    ``pixels``: the mean change of a pixel from the one end to the other. `noises`: [m, 38], a sweep for each.
    """
    found = {}
    for name, column in {"code 1": 0, "code 2": 1, "a random number": 2}.items():
        swept = np.concatenate([clean_sweep(draw, column, noise) for noise in noises])
        along = swept.transpose(1, 0, 2)
        found[name] = {
            "slant": [float(slant(pictures).mean()) for pictures in along],
            "ink": [float(pictures.mean()) for pictures in along],
            "pixels": float(np.abs(along[-1] - along[0]).mean()),
        }
    return found


def sweep_figure(sweeps):
    """Draw clean sweeps side by side: name → [10, 9, 784]."""
    figure, axes = plt.subplots(1, len(sweeps), figsize=(4.2 * len(sweeps), 4.9))
    for axis, (name, pictures) in zip(axes, sweeps.items(), strict=True):
        axis.imshow(sheet_of(pictures), cmap="gray", vmin=0, vmax=1)
        places = GAP + EDGE / 2 + (EDGE + GAP) * np.arange(10)
        axis.set_xticks(places[: len(CODE_VALUES)], [f"{value:g}" for value in CODE_VALUES])
        axis.set_yticks(places, range(10))
        axis.tick_params(length=0)
        axis.set(title=f"{name}, all else fixed")
    figure.tight_layout()
    return figure


def effects_figure(effects):
    """Draw the mean slant and ink along the sweeps of ``code_effects``."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    for axis, key, label in zip(axes, ("slant", "ink"), ("slant (degrees)", "ink (mean pixel)"), strict=True):
        for name, effect in effects.items():
            axis.plot(CODE_VALUES, effect[key], marker=".", label=name)
        axis.set(xlabel="value of the code", ylabel=label)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    return figure
