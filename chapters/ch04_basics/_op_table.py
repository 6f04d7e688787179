"""The op tables of section 4.2: rows written as TensorFlow calls, run together, printed with inputs and value."""

import ast
import inspect
import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np

from utils.example import Example
from utils.tf1 import tf


@dataclass
class Row:
    """One row: the call's text, the tensors that it names, what it gave, and the value that the book has."""

    call: str
    inputs: dict[str, Any]
    result: Any
    book: Any = None
    fails: bool = False

    @property
    def is_graph(self) -> bool:
        """Whether the call gave nodes, and not a shape, another plain value or the error of building it."""
        return all(tf.is_tensor(node) for node in tf.nest.flatten(self.result))


class OpTable:
    """One table: the rows are declared first, then ``run`` fetches all of them in one ``sess.run``.

    ``table.show(tf.reshape(t, [3, 3]))`` builds the row's op and takes the text of the call, and the names in it
    that are tensors (here ``t``), from the source of the script.
    """

    def __init__(self, ex: Example, title: str) -> None:
        self._ex = ex
        self._title = title
        self._rows: list[Row] = []

    def show(self, result: Any) -> None:
        """Add a row. `result`: what the call gave: a node, several of them, or a plain value such as a shape."""
        self._rows.append(Row(*_source(inspect.currentframe().f_back), result))

    def report(self, result: Any, *, book: Any) -> None:
        """Add a row whose value the book has too: it is reported to the example, the call's text being its name."""
        self._rows.append(Row(*_source(inspect.currentframe().f_back), result, book))

    def fails(self, call: Callable[[], Any]) -> None:
        """Add a row for ``lambda: tf.inv(4.0)``; its value is the error, of building the call or of running it."""
        try:
            result = call()
        except Exception as error:
            result = error
        self._rows.append(Row(*_source(inspect.currentframe().f_back), result, fails=True))

    def run(self, sess: Any) -> None:
        """Fetch all rows and their inputs at once, print them, and report what the book has too."""
        fetches = [(row.result if row.is_graph and not row.fails else (), row.inputs) for row in self._rows]
        print(f"\n{self._title}")
        for row, (fetched, inputs) in zip(self._rows, sess.run(fetches), strict=True):
            given = "; ".join(f"{name} = {_text(value)}" for name, value in inputs.items())
            print(f"  {row.call}   with {given}" if given else f"  {row.call}")
            if row.fails:
                print(f"      {_error(sess, row)}")
                continue
            value = fetched if row.is_graph else row.result
            print(f"      {_text(value)}{_kind(value)}")
            if row.book is not None:
                self._ex.report(row.call, _for_json(value), book=_for_json(row.book))


def _source(frame: FrameType) -> tuple[str, dict[str, Any]]:
    """Return the text of the call in the ``show(…)`` that `frame` is at, and the tensors that it names."""
    file = frame.f_code.co_filename  # of a script, or the name that a notebook gives to its cell
    linecache.checkcache(file)
    source = "".join(linecache.getlines(file))
    row = next(row for row in _rows_in(source) if row.lineno <= frame.f_lineno <= row.end_lineno)
    call = row.args[0].body if isinstance(row.args[0], ast.Lambda) else row.args[0]
    text = " ".join(ast.get_source_segment(source, call).split())
    names = dict.fromkeys(node.id for node in ast.walk(call) if isinstance(node, ast.Name))
    known = {**frame.f_globals, **frame.f_locals}
    nodes = {name: known[name] for name in names if tf.is_tensor(known.get(name))}
    # A variable is shown as it starts: another row of the same run may assign to it.
    return text, {name: getattr(node, "initial_value", node) for name, node in nodes.items()}


@lru_cache
def _rows_in(source: str) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call for call in calls if getattr(call.func, "attr", "") in ("show", "report", "fails")]


def _error(sess: Any, row: Row) -> str:
    """Return in one line the error that the call of `row` ended with when it was built, or ends with when it is run."""
    error = row.result
    if row.is_graph:
        try:
            return f"no error: {_text(sess.run(row.result))}"
        except tf.errors.OpError as found:
            error = found
    said = str(error).split("[[{{node")[0].split(" for '{{node")[0]
    return f"raises {type(error).__name__}: {said.strip().splitlines()[-1]}"


def _text(value: Any) -> str:
    """Return `value` on one line; of a large array only its type and shape."""
    if hasattr(value, "_fields"):
        return ", ".join(f"{name} = {_text(part)}" for name, part in zip(value._fields, value, strict=True))
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value)
    if np.size(value) > 30:
        return f"{value.dtype} {value.shape}"
    return re.sub(r"(?<=\[) | (?=\])", "", " ".join(str(value).split()))


def _kind(value: Any) -> str:
    return f"   {value.dtype} {value.shape}" if isinstance(value, np.ndarray | np.generic) else ""


def _for_json(value: Any) -> Any:
    """Return `value` with TensorFlow's shapes made plain lists."""
    if isinstance(value, tf.TensorShape):
        return value.as_list()
    if isinstance(value, np.ndarray):
        return _for_json(value.tolist())
    if isinstance(value, list | tuple):
        return [_for_json(part) for part in value]
    return value
