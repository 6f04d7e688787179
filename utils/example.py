"""The frame that every script shares: flags, presets, the session, progress, figures and the measured results."""

import io
import os
import platform
import re
import shlex
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from tqdm import tqdm

from utils import catalogue, checkpoints, flags, memory, paths, results, summaries
from utils.data import DataOptions
from utils.flags import Choice
from utils.interrupt import Interrupt
from utils.problems import Problem, WrongFlag, disk_problem, write_json
from utils.training import Training

__all__ = ["Choice", "Example"]


class Example:
    """One run of one example.

    Every keyword is a hyper-parameter, becomes a flag and is an attribute: ``Example(__doc__, epochs=25)`` gives
    ``--epochs`` and ``ex.epochs``. `quick` and `book` are what ``--quick`` and ``--book`` change. A value may be a
    whole number, a number, a text, True/False, or a ``Choice``.

    Attributes: ``id``, ``title``, ``preset``, ``seed``, ``data`` (for the data modules), ``history`` (what
    ``record`` was given: name → [[step, value], …]).
    """

    def __init__(
        self,
        doc: str | None,
        *,
        quick: dict[str, Any] | None = None,
        book: dict[str, Any] | None = None,
        **hyper_parameters: Any,
    ) -> None:
        header = catalogue.read_header(flags.own_docstring(doc))
        self.id, self.title = header.id, header.title
        spec = flags.Spec(hyper_parameters, quick or {}, book or {})
        options = flags.parser(spec, f"run.py {self.id}", self.title).parse_args(flags.own_arguments())
        self.settings, self.preset = flags.settings(spec, options)
        clash = [name for name in self.settings if hasattr(type(self), name)]
        if clash:
            raise TypeError(f"Example: {clash} are names of Example itself")
        vars(self).update(self.settings)
        self.seed: int = options.seed
        self.data = DataOptions(options.data_dir, options.sample_data, self.seed)
        self._options = options
        self._in_book_setting = flags.in_book_setting(spec, self.settings)
        self._metrics: list[dict[str, Any]] = []
        self._figures: list[str] = []
        self._started = memory.process_start()
        self._training = Training(self.data, self.settings, Interrupt(), lambda: self.writer)
        sys.excepthook = self._excepthook
        warnings.filterwarnings("ignore", message='Creating legend with loc="best"')  # a busy machine, not a fault
        if not options.show and "IPython" not in sys.modules:
            os.environ["MPLBACKEND"] = "Agg"
            if "matplotlib" in sys.modules:
                sys.modules["matplotlib"].use("Agg")
        if options.xla:  # read when the first session starts
            os.environ["TF_XLA_FLAGS"] = os.environ.get("TF_XLA_FLAGS", "") + " --tf_xla_cpu_global_jit"
        self._lock()
        if not (options.resume or options.fresh):
            checkpoints.refuse_unfinished(paths.checkpoints(self.id), self._command())
        self.seed_everything()
        print(f"{header.id} · {self.title} ({self.preset} run)", flush=True)

    @cached_property
    def outputs(self) -> Path:
        """The folder for figures, logs and result.json."""
        folder = paths.outputs(self.id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(disk_problem(error) or f"{folder}: {error}") from None
        return folder

    @cached_property
    def _run(self) -> checkpoints.Run:
        return checkpoints.Run(
            paths.checkpoints(self.id),
            self._command(),
            self._seconds,
            resume=self._options.resume,
            settings=self.settings | {"seed": self.seed, "data": self.data.sources, "preset": self.preset},
        )

    @property
    def checkpoints(self) -> Path:
        """The folder for saved models; at the first use an earlier run in it is gone on with or moved aside."""
        return self._run.folder

    @property
    def resumed(self) -> bool:
        """Whether this run goes on with an earlier one (``--resume``)."""
        return self._run.resumed

    def checkpoint(self, name: str) -> str:
        """Return the path prefix for ``saver.save(sess, ex.checkpoint("model.ckpt"))``."""
        return str(self.checkpoints / name)

    def checkpoint_of(self, example: str, name: str) -> str:
        """Return the path prefix of a model that another example saved; Problem where it is not there."""
        path = paths.checkpoints(example) / name
        if not path.with_name(path.name + ".index").exists():
            raise Problem(
                f"example {self.id} needs the model of example {example} ({paths.shown(path)}): "
                f"run `python run.py {example}` first"
            )
        return str(path)

    @cached_property
    def logs(self) -> Path:
        """The folder of this run's TensorBoard log: one per run, so that TensorBoard can show them side by side."""
        earlier = sorted(self.outputs.glob("logs/run-*"))
        if self._options.resume and earlier:
            return earlier[-1]
        number = int(earlier[-1].name[4:]) + 1 if earlier else 1
        return self.outputs / "logs" / f"run-{number:03}"

    @cached_property
    def writer(self) -> Any:
        """The ``tf.summary.FileWriter`` of this run."""
        from utils.tf1 import tf

        return tf.summary.FileWriter(str(self.logs))

    def seed_everything(self) -> None:
        """Seed NumPy and the default graph; call it again after ``tf.reset_default_graph()``."""
        from utils.tf1 import tf

        np.random.seed(self.seed)
        tf.set_random_seed(self.seed)

    @cached_property
    def device(self) -> str:
        """The device for ``tf.device``: what ``--device`` says, or the first GPU, or the CPU."""
        from utils.tf1 import tf

        present = [re.sub(r".*device:", "", d.name).lower() for d in tf.config.list_physical_devices()]
        gpus = [name for name in present if name.startswith("gpu")]
        wanted = self._options.device.removeprefix("/").removeprefix("device:")
        if wanted == "auto":
            wanted = gpus[0] if gpus else "cpu:0"
        wanted = f"{wanted}:0" if ":" not in wanted else wanted
        if wanted not in present:
            hint = " (README, section GPU, says what to install)" if "gpu" in wanted else ""
            raise WrongFlag(f"--device {self._options.device}: this machine has only {', '.join(present)}{hint}")
        return f"/{wanted}"

    def config(self, threads: int = 0, rewrite: bool = True) -> Any:
        """Return a session's ``tf.ConfigProto``: soft placement, growing GPU memory, ``--device`` and ``--xla``.

        `threads`: how many to compute with, 0 for one on each core. One is faster where all tensors are tiny.
        `rewrite`: let TensorFlow optimise the graph first, which takes seconds where thousands of ops are unrolled.
        """
        from utils.tf1 import tf

        config = tf.ConfigProto(
            allow_soft_placement=True, inter_op_parallelism_threads=threads, intra_op_parallelism_threads=threads
        )
        config.gpu_options.allow_growth = True
        config.graph_options.rewrite_options.disable_meta_optimizer = not rewrite
        if self.device.startswith("/cpu"):
            config.device_count["GPU"] = 0
        if self._options.xla:
            config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
        return config

    def session(self, graph: Any = None, threads: int = 0, rewrite: bool = True) -> Any:
        """Return a ``tf.Session`` on `graph` (default: the default graph) for use in a ``with``; see ``config``."""
        from utils.tf1 import tf

        return tf.Session(graph=graph, config=self.config(threads, rewrite))

    def progress(self, steps: Iterable[Any], unit: str = "it") -> Iterator[Any]:
        """Yield from `steps` with a progress bar (on a terminal only)."""
        return iter(tqdm(steps, unit=unit, leave=False, disable=None))

    def resumable(
        self, steps: range, sess: Any, saver: Any, *, unit: str = "epoch", every: int = 1, name: str = ""
    ) -> Iterator[int]:
        """Yield from `steps`, and keep what is done.

        After each `every` steps and after the last one the variables of `saver` are saved, with the recorded history
        and the place in the data. With ``--resume`` the loop begins after the last saved step. Ctrl-C and SIGTERM
        end it after the current step, saved. A run knows its loops again by their order, or by a `name` where a resumed
        run leaves out those that are done.
        """
        return self._training.loop(steps, sess, saver, self._run, unit, every, name)

    @property
    def history(self) -> dict[str, list[list[float]]]:
        """What ``record`` was given so far, of resumed runs too: name → [[step, value], …]."""
        return self._training.history

    def record(self, step: int, **values: float) -> None:
        """Keep figures of a training step for the curves and write them to the TensorBoard log.

        A value that is not finite stops the run, because a training does not recover from it.
        """
        self._training.record(step, values, self.checkpoints if "_run" in vars(self) else None)
        for name, value in values.items():
            self.writer.add_summary(summaries.scalar(name, value), step)

    def log(self, text: str) -> None:
        """Print a line, above the progress bar where there is one."""
        tqdm.write(text)
        sys.stdout.flush()

    def figure(self, figure: Any, name: str, step: int = 0) -> Path:
        """Save a Matplotlib figure as ``outputs/<id>/<name>.png`` and as ``figures/<name>`` in the TensorBoard log."""
        import matplotlib.pyplot as plt

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
        width, height = (int(edge) for edge in figure.get_size_inches() * 100)
        path = self._keep(buffer.getvalue(), name, height, width, step)
        if self._options.show or "IPython" in sys.modules:
            plt.show()
        plt.close(figure)
        return path

    def picture(self, pixels: Any, name: str, step: int = 0) -> Path:
        """Save a picture, uint8 [h, w, 3], pixel by pixel, in the same two places; return the file."""
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "png")
        return self._keep(buffer.getvalue(), name, *pixels.shape[:2], step)

    def _keep(self, png: bytes, name: str, height: int, width: int, step: int) -> Path:
        path = self.outputs / f"{name}.png"
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(png)
        part.replace(path)
        self.writer.add_summary(summaries.png(f"figures/{name}", png, height, width), step)
        if path.name not in self._figures:
            self._figures.append(path.name)
        return path

    def report(
        self, name: str, measured: Any, *, book: Any = None, better: str | None = None, tolerance: float = 0.0
    ) -> None:
        """Record a measured figure (a number, a text, an array), beside the book's where it prints one.

        `better`: ``"higher"`` or ``"lower"``; None where the two should agree. `tolerance`: the largest difference
        that still counts as the book's figure.
        """
        if better not in (None, "higher", "lower"):
            raise ValueError(f"better must be 'higher', 'lower' or None, not {better!r}")
        self._metrics.append(
            {
                "name": name,
                "measured": results.plain(measured),
                "book": results.plain(book),
                "better": better,
                "tolerance": tolerance,
            }
        )

    @property
    def comparable(self) -> bool:
        """Whether the book's figures may stand beside this run's: its own settings on the real data."""
        return self._in_book_setting and all(source["real"] for source in self.data.sources)

    def beside(self, book: str) -> str:
        """Return `book`, the book's figures, to stand behind ours on a printed line; "" where that compares nothing."""
        return f"   (book {book})" if self.comparable else ""

    def finish(self) -> None:
        """Print the table of measured figures and write result.json; the last line of every script."""
        reason = f"{self.preset} run" if all(source["real"] for source in self.data.sources) else "other data"
        if not results.is_real({"data": self.data.sources}):
            reason = "stand-in data"
        for metric in self._metrics:
            if metric["book"] is None:
                metric["verdict"] = ""
            elif not self.comparable:
                metric["verdict"] = f"not compared: {reason}"
            else:
                metric["verdict"] = results.verdict(
                    metric["measured"], metric["book"], metric["better"], metric["tolerance"]
                )
        if "writer" in vars(self):
            self.writer.close()
        result = {
            "id": self.id,
            "title": self.title,
            "preset": self.preset,
            "settings": self.settings,
            "data": self.data.sources,
            "seed": self.seed,
            "device": self.device,
            "versions": memory.versions(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
            "seconds": round(self._training.earlier_seconds + self._seconds(), 2),
            "peak_memory_mb": round(memory.peak_mb(), 1),
            "figures": self._figures,
            "metrics": self._metrics,
        }
        write_json(self.outputs / "result.json", result)
        if "_run" in vars(self):
            checkpoints.mark_finished(self.checkpoints)
        print(f"\n{self.id} · {self.title}\n{results.table(result)}")
        if self._figures:
            print(f"  figures in {paths.shown(self.outputs)}: {', '.join(self._figures)}")

    def _seconds(self) -> float:
        return time.time() - self._started

    def _command(self) -> str:
        given = [word for word in flags.own_arguments() if word not in ("--resume", "--fresh")]
        return shlex.join(["python", "run.py", self.id, *given])

    def _lock(self) -> None:
        """Keep a second run of this example out until this one ends; the lock goes with the process."""
        if os.environ.get("TFBOOK_ROLE"):  # a process that an example started as its own helper
            return
        self._run_lock = FileLock(self.outputs / ".lock")
        holder = self.outputs / ".holder"
        try:
            self._run_lock.acquire(timeout=0)
        except Timeout:
            who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
            raise Problem(f"example {self.id} is already running ({who}): wait for it or stop it first") from None
        except OSError as error:
            raise Problem(disk_problem(error) or f"{self.outputs}: {error}") from None
        holder.write_text(f"process {os.getpid()} since {time.strftime('%H:%M:%S')}", encoding="utf-8")

    def _excepthook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = disk_problem(error)
        if text:
            print(f"{self.id}: {text}", file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)
