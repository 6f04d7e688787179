"""What a run measured: the table at its end, result.json, and RESULTS.md of the runs that are kept.

Standard library only, so that ``run.py results`` needs no installation. Values given by a script may be NumPy
arrays; they become lists.
"""

import json
import math
from pathlib import Path
from typing import Any

from utils import catalogue
from utils.paths import RESULTS, RESULTS_PAGE, outputs, shown
from utils.problems import Problem, write_json


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: arrays become lists, bytes and complex numbers become text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, complex) else value


def _distance(one: Any, other: Any) -> float:
    """Return the largest difference between two numbers or nested lists of numbers; inf where they do not match."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max((_distance(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) if math.isfinite(one) else math.inf
    return 0.0 if one == other else math.inf


def verdict(measured: Any, book: Any, better: str | None, tolerance: float) -> str:
    """Compare a measured figure with the book's: ``as the book``, ``better``, ``worse`` or ``differs``.

    `tolerance` is the largest difference that still counts as the book's figure. `better` is ``"higher"`` or
    ``"lower"`` where one direction is better, None where the figures should agree.
    """
    if _distance(measured, book) <= max(tolerance, 1e-6 * abs(book) if isinstance(book, int | float) else 1e-6):
        return "as the book"
    if better is None:
        return "differs"
    return "better" if (measured > book) == (better == "higher") else "worse"


def short(value: Any, width: int = 44) -> str:
    """Return `value` as text for a table."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    text = " ".join(str(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _cells(metric: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return name, measured, the book's and verdict of a figure; the tolerance stands with the verdict it decided."""
    within = f" (±{metric['tolerance']:g})" if metric["verdict"] == "as the book" and metric["tolerance"] else ""
    return metric["name"], short(metric["measured"]), short(metric["book"]), metric["verdict"] + within


def table(result: dict[str, Any]) -> str:
    """Return the closing table of a run."""
    rows = [("figure", "measured", "the book's", "verdict")]
    rows += [_cells(metric) for metric in result["metrics"]]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    lines.insert(1, "  " + "  ".join("-" * width for width in widths))
    data = "; ".join(f"{s['name']}: {s['source']}" for s in result["data"]) or "made in the script"
    foot = (
        f"  data: {data} · preset: {result['preset']} · seed {result['seed']} · {result['device']} · "
        f"{result['seconds']:.1f} s · {result['peak_memory_mb']:.0f} MB"
    )
    return "\n".join([*(lines if result["metrics"] else []), foot])


def is_real(result: dict[str, Any]) -> bool:
    """Return whether a run used no stand-in for a data set."""
    return all(source["real"] or source.get("ours") for source in result["data"])


def keep(example: str) -> Path:
    """Copy the result of the last run of `example` into ``results/`` and return the new file.

    Problem where there is no result, where it came from stand-in data, or from a run that was neither the default nor
    ``--book``.
    """
    source = outputs(example) / "result.json"
    if not source.exists():
        raise Problem(f"{shown(source)} is not there: run `python run.py {example}` first")
    result = json.loads(source.read_text(encoding="utf-8"))
    if not is_real(result):
        raise Problem(f"{shown(source)} comes from stand-in data: only runs on the real data are kept")
    if result["preset"] not in ("default", "book"):
        raise Problem(f"{shown(source)} is of a {result['preset']} run: only default and --book runs are kept")
    for data in result["data"]:
        data["source"] = _without_folders(data["source"])
    target = RESULTS / f"{example}.json"
    write_json(target, result)
    return target


def _without_folders(text: str) -> str:
    """Return `text` with the paths of the reader's own folders cut down to their last part."""
    words = [Path(word.rstrip(",;:")) for word in text.split()]
    for path in words:
        if path.is_absolute():
            text = text.replace(str(path), path.name)
    return text


def page(folder: Path = RESULTS) -> str:
    """Return the text of RESULTS.md: every kept run, in the order of the books."""
    order = {entry.id: number for number, entry in enumerate(catalogue.entries())}
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    kept.sort(key=lambda result: order.get(result["id"], len(order)))
    lines = [
        "# Results",
        "",
        "What the scripts measured beside what the books print. `python run.py results` makes this page from",
        "`results/*.json`; each of them is the `result.json` of one real run, on the book's data or on what the column",
        "`data` names, never on a stand-in.",
        "",
        "| id | title | figure | measured | the book's | verdict | data | preset | seconds | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in kept:
        data = "; ".join(source["name"] for source in result["data"]) or "made in the script"
        tail = f"{data} | {result['preset']} | {result['seconds']:.0f} | {result['peak_memory_mb']:.0f} |"
        for number, metric in enumerate(result["metrics"]):
            head = f"{result['id']} | {result['title']}" if number == 0 else " | "
            row = " | ".join(cell.replace("|", "\\|") for cell in _cells(metric))
            lines.append(f"| {head} | {row} | {tail if number == 0 else ' | | | |'}")
    return "\n".join(lines) + "\n"


def write_page() -> None:
    """Write RESULTS.md anew."""
    RESULTS_PAGE.write_text(page(), encoding="utf-8")
