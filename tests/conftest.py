"""Run a script as its user does: in a fresh process, with its output, its files and its exit status to look at.

A fresh Python needs seconds for TensorFlow's import, so the processes come from a forkserver that has imported it once.
"""

import ast
import json
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from utils import catalogue

ROOT = Path(__file__).resolve().parent.parent


def _be_the_script(path: str, arguments: list[str], files: dict[str, str], environment: dict[str, str]) -> None:
    for number, name in ((1, "out"), (2, "err")):
        handle = os.open(files[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.update(environment)
    if "TEST_FILE_LIMIT" in environment:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(environment["TEST_FILE_LIMIT"]),) * 2)
    os.chdir(files["folder"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).parent))
    try:
        runpy.run_path(path, run_name="__main__")
    except Exception:
        sys.excepthook(*sys.exc_info())  # multiprocessing would print a traceback of its own
        sys.exit(1)


@dataclass
class Run:
    """A script that was started. `wait()` before reading anything but the files."""

    id: str
    process: Any
    files: dict[str, str]
    root: Path

    def wait(self, seconds: float = 240) -> "Run":
        self.process.join(seconds)
        if self.process.is_alive():
            self.process.kill()
            pytest.fail(f"example {self.id} still ran after {seconds} s:\n{self.out}\n{self.err}")
        return self

    def kill(self, number: int = signal.SIGKILL) -> "Run":
        os.kill(self.process.pid, number)
        return self

    def until(self, text: str, seconds: float = 120) -> "Run":
        """Wait until `text` stands in the output."""
        end = time.time() + seconds
        while text not in self.out:
            if time.time() > end or not self.process.is_alive():
                pytest.fail(f"example {self.id} never said {text!r}:\n{self.out}\n{self.err}")
            time.sleep(0.01)
        return self

    @property
    def code(self) -> int:
        return self.process.exitcode

    @property
    def out(self) -> str:
        path = Path(self.files["out"])
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def err(self) -> str:
        path = Path(self.files["err"])
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def outputs(self) -> Path:
        return self.root / "outputs" / self.id

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints" / self.id

    @property
    def result(self) -> dict[str, Any]:
        return json.loads((self.outputs / "result.json").read_text(encoding="utf-8"))

    def metric(self, name: str) -> Any:
        """What the script measured under `name`."""
        found = [metric["measured"] for metric in self.result["metrics"] if metric["name"] == name]
        assert len(found) == 1, f"{name!r} is reported {len(found)} times: {self.result['metrics']}"
        return found[0]

    def scalars(self, tag: str) -> list[tuple[int, float]]:
        """The (step, value) pairs of a scalar in the newest TensorBoard log, read by TensorBoard's own reader."""
        return [(event.step, event.value) for event in self.events().Scalars(tag)]

    def events(self) -> Any:
        """TensorBoard's reader on the newest log of this example."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        newest = sorted(self.outputs.glob("logs/run-*"))[-1]
        reader = EventAccumulator(str(newest), size_guidance={"images": 0, "scalars": 0, "histograms": 0})
        return reader.Reload()


class Runner:
    """Starts scripts whose outputs and checkpoints go into a folder of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self, example: str, *flags: str, root: Path | None = None, **environment: str) -> Run:
        root = root or self.root
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="cwd-", dir=root))
        files = {"out": str(folder / "out.txt"), "err": str(folder / "err.txt"), "folder": str(folder)}
        path = str(catalogue.find(example).path)
        process = multiprocessing.get_context("forkserver").Process(
            target=_be_the_script,
            args=(path, list(flags), files, {"TFBOOK_RUNS": str(root), "TFBOOK_DOWNLOAD": "no", **environment}),
        )
        process.start()
        return Run(example, process, files, root)

    def __call__(self, example: str, *flags: str, ok: bool = True, seconds: float = 240, **environment: str) -> Run:
        """Run the script to its end; with `ok` it must have ended well and written its result."""
        run = self.start(example, *flags, **environment).wait(seconds)
        if ok:
            assert run.code == 0, f"exit status {run.code}\n{run.out}\n{run.err}"
            assert run.result["id"] == example
            assert "Traceback" not in run.err, run.err
        return run


@pytest.fixture(scope="session", autouse=True)
def _forkserver() -> None:
    multiprocessing.set_forkserver_preload(
        [
            *("runpy", "utils.tf1", "utils.example", "utils.figures", "utils.data.mnist"),
            *("sklearn.metrics", "sklearn.manifold", "scipy.ndimage", "scipy.signal", "jieba"),
        ]
    )


@pytest.fixture
def run_example(tmp_path: Path) -> Runner:
    """``run_example("21", "--quick")`` runs example 21; its files are in a folder of this test alone."""
    return Runner(tmp_path)


def needed_by(example: str) -> set[str]:
    """The examples whose models `example` loads (``ex.checkpoint_of("9", …)``)."""
    calls = [node for node in ast.walk(catalogue.find(example).tree) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "checkpoint_of"
    } - {example}


def stand_in(example: str) -> tuple[str, ...]:
    """``--sample-data`` for an example on data or weights that may be here or not, to measure the same either way."""
    header = catalogue.read_header(catalogue.find(example).docstring)
    elsewhere = ("CIFAR-10", "THCHS-30", "flowers", "Knifey-Spoony", "CelebA", "COCO")
    published = header.fields["Data"].startswith(elsewhere) or "EfficientNet-Lite0" in header.fields.get("Model", "")
    return ("--sample-data",) if published else ()


@pytest.fixture
def quick(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``quick("21")`` is the quick run of example 21, made once for all tests that look at it, in all processes."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "quick-runs"

    def get(example: str, *flags: str) -> Run:
        root = shared / "-".join([example, *flags])
        root.mkdir(parents=True, exist_ok=True)
        kept = root / "run.json"
        with FileLock(root.with_name(root.name + ".lock")):
            if not kept.exists():
                runner = Runner(root)
                for other in needed_by(example):
                    runner(other, "--quick")
                run = runner(example, "--quick", *stand_in(example), *flags)
                kept.write_text(json.dumps(run.files), encoding="utf-8")
        return Run(example, None, json.loads(kept.read_text(encoding="utf-8")), root)

    return get
