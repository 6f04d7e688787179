"""Time series for section 9.10: made here from formulas, or the reader's own CSV file.

The library that the book describes came with four CSV files; these series show the same things: a period on a trend,
levels that jump at known times, several levels that move together, several periods.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data import DataOptions
from utils.data.texts import read
from utils.paths import shown
from utils.problems import Problem


@dataclass(frozen=True)
class Series:
    """Values at regular times, and where it was made here also how it went on.

    `times` [T], whole numbers one apart; `values` float64 [T, features]; `changepoint` bool [T]; `future` float64
    [steps, features], without a row for a series of the reader's own.
    """

    times: np.ndarray
    values: np.ndarray
    changepoint: np.ndarray
    future: np.ndarray


def _series(values: np.ndarray, length: int, first: int = 0, changepoint: np.ndarray | None = None) -> Series:
    flags = np.zeros(len(values), bool) if changepoint is None else changepoint
    return Series(first + np.arange(length), values[:length], flags[:length], values[length:])


def _autoregressive(random: np.random.RandomState, shape: tuple[int, ...], memory: float, sigma: float) -> np.ndarray:
    noise = random.normal(0, sigma, shape)
    for t in range(1, len(noise)):
        noise[t] += memory * noise[t - 1]
    return noise


def period_trend(length: int = 500, future: int = 200, seed: int = 9) -> Series:
    """Return a wave of period 100 on a straight trend, with noise that lasts: values from about 0 to 50."""
    t = np.arange(1, length + future + 1)
    angle = 2 * np.pi * t / 100
    wave = 5 * np.sin(angle) + 2 * np.cos(2 * angle + 0.7)
    noise = _autoregressive(np.random.RandomState(seed), t.shape, memory=0.6, sigma=0.6)
    return _series((3 + 0.09 * t + wave + noise)[:, None], length, first=1)


def changepoints(length: int = 200, future: int = 100, seed: int = 9) -> Series:
    """Return a wave of period 12 whose level jumps by N(0, 6) at every 25th time, marked; none in the future."""
    random = np.random.RandomState(seed)
    t = np.arange(length + future)
    flags = (t > 0) & (t % 25 == 0) & (t < length)
    level = np.cumsum(random.normal(0, 6, t.shape) * flags)
    values = level + np.sin(2 * np.pi * t / 12) + _autoregressive(random, t.shape, memory=0.3, sigma=0.25)
    return _series(values[:, None], length, changepoint=flags)


def levels(length: int = 300, future: int = 100, seed: int = 9) -> Series:
    """Return five levels, each a random walk; the steps of neighbours are correlated by 0.8, of others by less."""
    random = np.random.RandomState(seed)
    place = np.arange(5)
    mixing = np.linalg.cholesky(0.8 ** np.abs(place[:, None] - place))
    steps = random.normal(0, 1, (length + future, 5)) @ mixing.T
    walk = np.cumsum(0.3 * steps, axis=0) + 4 * place
    return _series(walk + random.normal(0, 0.2, walk.shape), length)


def periods(length: int = 100, future: int = 100, seed: int = 9) -> Series:
    """Return five waves of period 20 or 10, shifted against each other, with a little noise."""
    random = np.random.RandomState(seed)
    t, place = np.arange(length + future)[:, None], np.arange(5)
    angle = 2 * np.pi * (t / np.where(place % 2, 10, 20) + place / 5)
    return _series(np.sin(angle) * (1 + 0.3 * place) + random.normal(0, 0.1, angle.shape), length)


MADE = {"period_trend": period_trend, "changepoints": changepoints, "levels": levels, "periods": periods}


def load(options: DataOptions, name: str, own: str = "") -> Series:
    """Return the reader's file `own` (see ``parse``), or the series `name` of this module; noted in `options`."""
    if own:
        path = Path(own).expanduser()
        series = parse(read(path), shown(path))
        options.note(path.name, "the reader's own file", real=False, ours=True)
        return series
    options.note(name, "made from a formula with seeded noise", real=False, ours=True)
    return MADE[name]()


def parse(content: str, where: str) -> Series:
    """Read ``time,value[,value …][,is_changepoint]`` lines; a first line of names is needed for the last of these.

    Problem where a cell is no number, the times are not whole numbers one apart, or fewer than 50 rows are there.
    """
    rows = [row for row in csv.reader(io.StringIO(content)) if any(cell.strip() for cell in row)]
    names: list[str] = []
    if rows and _number(rows[0][0]) is None:
        names, rows = [cell.strip().lower() for cell in rows[0]], rows[1:]
    flag_column = names.index("is_changepoint") if "is_changepoint" in names else None
    if len(rows) < 50:
        raise Problem(f"{where} has {len(rows)} rows: a series needs at least 50")
    numbers, flags = [], []
    for line, row in enumerate(rows, start=2 if names else 1):
        cells = list(row)
        if len(cells) != len(rows[0]) or len(cells) < 2 + (flag_column is not None):
            raise Problem(
                f"{where}, row {line}: {len(cells)} cells; each row is time,value with as many values as the first"
            )
        flags.append(flag_column is not None and cells.pop(flag_column).strip().lower() in ("yes", "true", "1"))
        found = [_number(cell) for cell in cells]
        if None in found:
            raise Problem(f"{where}, row {line}: {cells[found.index(None)]!r} is no number")
        numbers.append(found)
    table = np.array(numbers, float)
    times = table[:, 0]
    if (times != np.round(times)).any() or (np.diff(times) != 1).any():
        bad = int(np.argmax(np.append(np.diff(times) != 1, True))) + 1
        raise Problem(
            f"{where}: times must be whole numbers that go up by one; row {bad + (2 if names else 1)} breaks that"
        )
    return Series(times.astype(int), table[:, 1:], np.array(flags), np.zeros((0, table.shape[1] - 1)))


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
