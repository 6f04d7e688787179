"""Daily quotes of a share: the reader's own CSV file, or a made-up series in the format of the book's file.

The book's ``600000.csv`` was never published. It has 15 columns without a header, encoded as GBK, newest day first;
files with a header (``Date,Open,High,Low,Close,…``, as most sites export them) are read as well.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from utils.data import DataOptions
from utils.paths import shown
from utils.problems import Problem

# The book's names for the columns of a file without a header.
BOOK_COLUMNS = ["date", "code", "name", "Close", "top_price", "low_price", "opening_price", "bef_price"]
BOOK_COLUMNS += ["floor_price", "floor", "exchange", "Volume", "amount", "总市值", "流通市值"]
ALIASES = {
    "close": "Close",
    "收盘价": "Close",
    "high": "top_price",
    "最高价": "top_price",
    "low": "low_price",
    "最低价": "low_price",
    "open": "opening_price",
    "开盘价": "opening_price",
    "volume": "Volume",
    "成交量": "Volume",
    "日期": "date",
    "datetime": "date",
    "time": "date",
}


@dataclass(frozen=True)
class Prices:
    """Daily values in order of time: `dates` [n] (datetime64[D]), `values` float32 [n, len(columns)], all above zero.

    `dropped`: how many rows had no trade (a zero or nothing in one of the columns) and were left out.
    """

    columns: tuple[str, ...]
    dates: np.ndarray
    values: np.ndarray
    dropped: int


def parse(raw: bytes, columns: tuple[str, ...], where: str) -> Prices:
    """Read `columns` from the bytes of a CSV file; `where` names it in error messages.

    Days come out oldest first. A row without a trade is dropped. Problem where the text is no CSV, a column is missing,
    a date or a number cannot be read, or a day stands twice.
    """
    rows = [row for row in csv.reader(io.StringIO(_decode(raw, where))) if any(cell.strip() for cell in row)]
    if not rows:
        raise Problem(f"{where} is empty: give a CSV file with a row for each day")
    first = 1
    if _date(rows[0][0]) is None:
        names, first = [_name(cell) for cell in rows[0]], 2
        rows = rows[1:]
    elif len(rows[0]) == len(BOOK_COLUMNS):
        names = list(BOOK_COLUMNS)
    else:
        raise Problem(f"{where} has no header and {len(rows[0])} columns: name them in a first line, like Date,Close")
    missing = [name for name in ("date", *columns) if name not in names]
    if missing:
        raise Problem(f"{where} has no column {', '.join(missing)}; it has {', '.join(names)}")
    places = [names.index(name) for name in columns]
    days: dict[date, list[float]] = {}
    for line, row in enumerate(rows, start=first):
        day = _date(row[names.index("date")]) if len(row) == len(names) else None
        if day is None:
            raise Problem(f"{where}, row {line}: {_wrong(row, names)}")
        if day in days:
            raise Problem(f"{where}, row {line}: the day {day} stands there a second time")
        days[day] = [_number(row[place], f"{where}, row {line}, column {names[place]}") for place in places]
    traded = {day: values for day, values in sorted(days.items()) if min(values) > 0}
    if not traded:
        raise Problem(f"{where}: no row has a price above zero")
    return Prices(
        columns,
        np.array(list(traded), dtype="datetime64[D]"),
        np.array(list(traded.values()), np.float32),
        len(days) - len(traded),
    )


def load(options: DataOptions, own: str = "", columns: tuple[str, ...] = ("Close",)) -> Prices:
    """Return the quotes of the reader's file `own`, or of the made-up share; which one is noted in `options`."""
    if own:
        path = Path(own).expanduser()
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise Problem(f"{shown(path)}: {error.strerror}; give a CSV file with daily quotes") from None
        prices = parse(raw, columns, shown(path))
        options.note(path.name, "the reader's own file", real=False, ours=True)
        return prices
    raw = made_up()
    options.note("prices", "a made-up share: a seeded random walk, no real quotes", real=False, ours=True)
    return parse(raw, columns, "the made-up share")


def made_up(days: int = 3000, seed: int = 600000) -> bytes:
    """Return a CSV file in the book's format: a random walk that nobody can predict, and a few days without trade.

    The logarithm of the close moves by N(0.0001, σ) a day; σ wanders between quiet and wild times. Newest day first.
    """
    random = np.random.RandomState(seed)
    log_sigma = np.zeros(days)
    for day in range(1, days):
        log_sigma[day] = 0.98 * log_sigma[day - 1] + random.normal(0, 0.08)
    sigma = 0.012 * np.exp(log_sigma)
    close = 10 * np.exp(np.cumsum(random.normal(0.0001, 1.0, days) * sigma))
    opening = np.insert(close[:-1], 0, 10.0) * np.exp(random.normal(0, 0.3, days) * sigma)
    high = np.maximum(opening, close) * np.exp(np.abs(random.normal(0, 0.4, days)) * sigma)
    low = np.minimum(opening, close) * np.exp(-np.abs(random.normal(0, 0.4, days)) * sigma)
    volume = random.lognormal(17, 0.4, days).astype(int)
    suspended = set(random.choice(np.arange(100, days), 25, replace=False).tolist())
    day, rows = date(2005, 1, 3), []
    for i in range(days):
        before = close[i - 1] if i else 10.0
        traded = [close[i], high[i], low[i], opening[i], before, close[i] - before, 100 * (close[i] / before - 1)]
        numbers = [f"{value:.4f}" for value in traded]
        rest = [
            "0.2",
            str(volume[i]),
            f"{volume[i] * close[i]:.0f}",
            f"{close[i] * 2e10:.0f}",
            f"{close[i] * 1e10:.0f}",
        ]
        if i in suspended:
            numbers = ["0.0"] * 4 + [f"{before:.4f}", "None", "None"]
        rows.append([day.isoformat(), "'000000", "样本股份", *numbers, *rest])
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return "".join(",".join(row) + "\r\n" for row in reversed(rows)).encode("gbk")


def _decode(raw: bytes, where: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Problem(f"{where} is no text file: give a CSV file in UTF-8 or GBK")


def _name(cell: str) -> str:
    cell = cell.strip()
    return ALIASES.get(cell.lower(), "date" if cell.lower() == "date" else cell)


def _date(cell: str) -> date | None:
    digits = cell.strip().replace("/", "-").split(" ")[0].split("T")[0]
    if digits.isdigit() and len(digits) == 8:
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    try:
        year, month, day = (int(part) for part in digits.split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def _number(cell: str, where: str) -> float:
    """Return the number in `cell`; 0.0 for the words that stand for "no trade"."""
    cell = cell.strip()
    if cell.lower() in ("", "none", "null", "nan", "-"):
        return 0.0
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise Problem(f"{where}: {cell!r} is no number")
    return value


def _wrong(row: list[str], names: list[str]) -> str:
    if len(row) != len(names):
        return f"{len(row)} cells, but {len(names)} columns"
    return f"{row[names.index('date')]!r} is no day; write it like 2017-05-31"
