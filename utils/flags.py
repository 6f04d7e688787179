"""The flags of an example: its hyper-parameters, the presets, and what all examples have in common.

Standard library only. The keywords of ``Example(__doc__, epochs=25, quick={"epochs": 2})`` are read from the
script's source as well, so that ``--help`` and a wrong flag are answered before TensorFlow is imported.
"""

import argparse
import ast
import math
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from utils import catalogue
from utils.paths import CHAPTERS

DEVICE = re.compile(r"auto|cpu|gpu|/?(?:device:)?(?:cpu|gpu):\d+", re.IGNORECASE)
WEIGHT = re.compile(r"(?:^|_)(?:weight|lambda)(?:_|$)")  # of a term in a loss: zero leaves the term out
RESERVED = {"device", "quick", "book", "seed", "resume", "fresh", "data_dir", "sample_data", "show", "xla"}


class Choice:
    """A hyper-parameter with named values; the first one is the default: ``loss=Choice("wgan", "lsgan")``."""

    def __init__(self, *values: str) -> None:
        self.values = values


@dataclass(frozen=True)
class Spec:
    """An example's hyper-parameters: the defaults, and what the presets change."""

    defaults: dict[str, Any]
    quick: dict[str, Any] = field(default_factory=dict)
    book: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clash = RESERVED & set(self.defaults)
        stray = (set(self.quick) | set(self.book)) - set(self.defaults)
        if clash or stray:
            raise TypeError(f"Example: reserved names {sorted(clash)}, presets of unknown names {sorted(stray)}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (--help shows the flags)\n")


def _number(kind: type, samples: list[Any]) -> Any:
    """Return a converter that also holds a number against its range: above zero unless the samples say less."""
    lowest = min(samples)

    def convert(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"needs {what}, not {text!r}") from None
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"needs a finite number, not {text!r}")
        if value < 0 <= lowest or (value == 0 and lowest > 0):
            raise argparse.ArgumentTypeError(f"must be {'above zero' if lowest > 0 else 'zero or more'}, not {text}")
        return value

    return convert


def _device(text: str) -> str:
    if not DEVICE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"must be auto, cpu, gpu or like /gpu:1, not {text!r}")
    return text.lower()


def _seed(text: str) -> int:
    value = _number(int, [0])(text)
    if value >= 2**31:
        raise argparse.ArgumentTypeError(f"must be below 2147483648, not {text}")
    return value


def _folder(text: str) -> Path:
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"no such folder: {text}")
    return folder.resolve()


def parser(spec: Spec, prog: str, title: str = "") -> argparse.ArgumentParser:
    """Return the argument parser of an example with the hyper-parameters `spec`."""
    result = _Parser(prog=prog, description=title, allow_abbrev=False)
    own = result.add_argument_group("this example")
    for name, default in spec.defaults.items():
        samples = [value for value in (default, spec.quick.get(name), spec.book.get(name)) if value is not None]
        shown = default.values[0] if isinstance(default, Choice) else default
        text = f"default {shown}"
        text += f", --quick {spec.quick[name]}" if name in spec.quick else ""
        text += f", --book {spec.book[name]}" if name in spec.book else ""
        options: dict[str, Any] = {"dest": name, "default": None, "help": text.replace("%", "%%")}
        if isinstance(default, bool):
            options["action"] = argparse.BooleanOptionalAction
        elif isinstance(default, Choice):
            options["choices"] = default.values
        elif isinstance(default, int | float):
            options |= {
                "type": _number(type(default), [0, *samples] if WEIGHT.search(name) else samples),
                "metavar": "N" if type(default) is int else "X",
            }
        else:
            options["metavar"] = "TEXT"
        own.add_argument("--" + name.replace("_", "-"), **options)
    common = result.add_argument_group("every example")
    preset = common.add_mutually_exclusive_group()
    preset.add_argument("--quick", action="store_true", help="the smallest run that still shows the effect")
    preset.add_argument("--book", action="store_true", help="the book's own settings in full")
    common.add_argument("--device", type=_device, default="auto", help="auto, cpu, gpu or like /gpu:1")
    common.add_argument("--seed", type=_seed, default=1, help="default 1")
    again = common.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with an interrupted training")
    again.add_argument("--fresh", action="store_true", help="start again; the earlier run is moved aside")
    common.add_argument("--data-dir", type=_folder, help="a folder with data sets of your own")
    common.add_argument("--sample-data", action="store_true", help="use the offline stand-in for the data set")
    common.add_argument("--show", action="store_true", help="open the figures in windows as well")
    common.add_argument("--xla", action="store_true", help="compile the graph with XLA")
    return result


def settings(spec: Spec, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Return the hyper-parameters of a run and the name of its preset: default, quick, book or custom."""
    values = {k: v.values[0] if isinstance(v, Choice) else v for k, v in spec.defaults.items()}
    values |= spec.quick if options.quick else spec.book if options.book else {}
    given = {name: getattr(options, name) for name in values if getattr(options, name) is not None}
    preset = "quick" if options.quick else "book" if options.book else "default"
    if any(values[name] != value for name, value in given.items()):
        preset = "custom"
    return values | given, preset


def in_book_setting(spec: Spec, values: dict[str, Any]) -> bool:
    """Return whether `values` are the book's own: only then may a figure stand against the book's."""
    book = {k: v.values[0] if isinstance(v, Choice) else v for k, v in spec.defaults.items()} | spec.book
    return values == book


def spec_of(entry: catalogue.Entry) -> Spec:
    """Read the hyper-parameters from a script's source; they must be plain values there."""
    call = catalogue.example_call(entry.tree)
    keywords = {}
    for keyword in call.keywords if call else []:
        value = keyword.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Choice":
            keywords[keyword.arg] = Choice(*[ast.literal_eval(argument) for argument in value.args])
        else:
            keywords[keyword.arg] = ast.literal_eval(value)
    presets = {name: keywords.pop(name, {}) for name in ("quick", "book")}
    return Spec(keywords, **presets)


def parser_of(entry: catalogue.Entry) -> argparse.ArgumentParser:
    """Return the argument parser of the script `entry`, without running it."""
    return parser(spec_of(entry), f"run.py {entry.id}", entry.header.title)


def own_arguments() -> list[str]:
    """Return the command line's arguments; none inside a notebook, whose kernel has arguments of its own."""
    program = Path(sys.argv[0] if sys.argv else "")
    if "ipykernel" in program.as_posix() or program.name.endswith("kernel_launcher.py"):
        return []
    return sys.argv[1:]


def own_docstring(doc: str | None) -> str:
    """Return the script's docstring, also where cells are run one by one and ``__doc__`` is the kernel's own."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    for text in [doc, *([] if shell is None else reversed(shell.user_ns.get("In", [])))]:
        match = re.match(r'\s*"""(.*?)"""', text or "", re.DOTALL)
        try:
            candidate = match.group(1) if match else text or ""
            catalogue.read_header(candidate)
            return candidate
        except ValueError:
            continue
    raise ValueError("Example(__doc__, …): the docstring must start like 'Example 21 · Title (中文)'")


def check_command_line() -> None:
    """Answer ``--help`` and wrong flags of the script being started, before anything slow is imported."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    path = Path(main).resolve() if main else None
    if path is None or path.parent.parent != CHAPTERS or Path(sys.argv[0]).resolve() != path:
        return
    identity = catalogue.id_of(path.name)
    if identity:
        parser_of(catalogue.Entry(identity[0], path, ())).parse_args(sys.argv[1:])
