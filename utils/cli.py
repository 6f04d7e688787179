"""The commands of run.py. Only those that need an installed package import one."""

import ast
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from utils import catalogue, flags, paths, results
from utils.problems import Problem, WrongFlag

USAGE = """usage: python run.py COMMAND

  list [WORDS]        find examples by id, title (English or Chinese), chapter or data set
  show ID             what an example shows, its flags and the book's figures
  ID [FLAGS]          run an example; `python run.py 21 --help` names its flags
  board [ID]          look at the TensorBoard log of one example, or of all
  data [NAME]         what data sets are there; with a name: fetch and check that one
  results [--keep ID] write RESULTS.md; --keep takes the last run of ID into results/ first
  doctor              look at this machine and say what to mend
  test [PYTEST ARGS]  run the tests
"""
COMMANDS = ("list", "show", "board", "data", "results", "doctor", "test")


def needs_installation(arguments: Sequence[str]) -> bool:
    """Return whether a command needs .venv; wrong ids and flags are answered (exit 2) before it is made."""
    if not arguments or arguments[0] in ("-h", "--help", "help", "list", "show", "results"):
        return False
    if arguments[0] in COMMANDS:
        return True
    entry = catalogue.find(arguments[0])
    flags.parser_of(entry).parse_args(arguments[1:])
    return True


def main(arguments: Sequence[str]) -> int:
    """Carry out one command and return the exit status; a reader such as ``head`` may stop listening."""
    try:
        code = _carry_out(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end of Python
        code = 1
    return code


def _carry_out(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    command, *rest = arguments
    if command in COMMANDS:
        return int({"list": _list, "show": _show, "results": _results}.get(command, _installed)(rest, command) or 0)
    entry = catalogue.find(command)
    os.environ["TFBOOK_STARTED"] = str(time.time())
    return _become([sys.executable, str(entry.path), *rest])


def _become(command: list[str]) -> int:
    """Put another program in this one's place (on Windows: wait for it)."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # Ctrl-C reached the child as well; it saves and ends
            continue


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int) -> str:
    return text + " " * max(0, width - _width(text))


def _list(words: list[str], _: str) -> int:
    rows = []
    for entry in catalogue.search(words):
        header = entry.header
        data = header.fields.get("Data", "").split(",")[0].split("\n")[0]
        rows.append((entry.id, entry.chapter, header.title, header.title_zh, data[:34]))
    if not rows:
        print(f"nothing found for {' '.join(words)!r}: `python run.py list` shows everything")
        return 1
    widths = [max(_width(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(_pad(cell, width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip())
    print(f"{len(rows)} example{'s' if len(rows) > 1 else ''}")
    return 0


def _show(words: list[str], _: str) -> int:
    if len(words) != 1:
        raise WrongFlag("usage: python run.py show ID")
    entry = catalogue.find(words[0])
    print(entry.docstring.strip())
    print(f"\nScript:    {entry.path.relative_to(paths.ROOT)}\n")
    flags.parser_of(entry).print_help()
    figures = catalogue.expected_figures(entry.tree)
    if figures:
        print("\nthe book's figures:")
        for name, book in figures:
            print(f"  {name}: {_literal(book)}")
    kept = paths.RESULTS / f"{entry.id}.json"
    if kept.exists():
        print(f"\nmeasured here: see RESULTS.md and {kept.relative_to(paths.ROOT)}")
    return 0


def _literal(source: str) -> str:
    try:
        return results.short(ast.literal_eval(source), 90)
    except ValueError:
        return source


def _results(words: list[str], _: str) -> int:
    if words and (words[0] != "--keep" or len(words) < 2):
        raise WrongFlag("usage: python run.py results [--keep ID …]")
    for word in words[1:]:
        print(f"kept {paths.shown(results.keep(catalogue.find(word).id))}")
    results.write_page()
    print(f"wrote {paths.shown(paths.RESULTS_PAGE)}")
    return 0


def _installed(words: list[str], command: str) -> int:
    """The commands that need .venv."""
    if command == "test":
        os.chdir(paths.ROOT)
        return _become([sys.executable, "-m", "pytest", *words])
    if command == "doctor":
        from utils import doctor

        return doctor.main()
    return _data(words) if command == "data" else _board(words)


def _board(words: list[str]) -> int:
    example = catalogue.find(words[0]).id if words else ""
    folder = paths.outputs(example) / "logs" if example else paths.runs_root() / "outputs"
    if not folder.exists():
        what = f"`python run.py {example}`" if example else "an example"
        raise Problem(f"{paths.shown(folder)} is not there: run {what} first")
    import socket

    with socket.socket() as probe:  # TensorBoard's own port, or a free one
        port = 6006 if probe.connect_ex(("127.0.0.1", 6006)) else 0
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    print(f"TensorBoard on {paths.shown(folder)}: http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
    tensorboard = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port)]
    return _become([*tensorboard, "--host", "127.0.0.1", *words[1:]])


def _data(words: list[str]) -> int:
    import importlib

    from utils import data

    unknown = [word for word in words if word not in data.NAMES]
    if unknown:
        raise WrongFlag(f"no data set {unknown[0]!r}: there are {', '.join(data.NAMES)}")
    folders = data.DataOptions().folders()
    for name in words or data.NAMES:
        module = importlib.import_module(f"utils.data.{name}")
        if words and all(module.status(folder)[1] is None for folder in folders):
            module.fetch(folders[0])
        state, where = next((found for found in map(module.status, folders) if found[1]), ("missing", None))
        print(f"{name:10} {state:8} {_size(where)} {paths.shown(where) if where else ''}".rstrip())
        stand_in = paths.DATASETS / "stand-in" / name
        if stand_in.exists():
            print(f"{name:10} {'stand-in':8} {_size(stand_in)} {paths.shown(stand_in)}")
    return 0


def _size(folder: Path | None) -> str:
    total = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder else 0
    return f"{total / 2**20:8.1f} MB" if folder else " " * 11


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
