"""A training loop that can be interrupted: the part of ``Example`` that saves, resumes and keeps the history."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from utils import checkpoints, summaries
from utils.data import DataOptions
from utils.interrupt import Interrupt
from utils.paths import shown
from utils.problems import Problem


class Training:
    """The state of a run's training loops and the recorded history, in step with the checkpoints.

    `writer` returns the FileWriter of the run's TensorBoard log.
    """

    def __init__(
        self, data: DataOptions, settings: dict[str, Any], interrupt: Interrupt, writer: Callable[[], Any]
    ) -> None:
        self.data = data
        self.writer = writer
        self.settings = settings
        self.interrupt = interrupt
        self.history: dict[str, list[list[float]]] = {}
        self.earlier_seconds = 0.0
        self.loops: dict[str, int] = {}
        self._seen = 0
        self._restored = False

    def loop(
        self, steps: range, sess: Any, saver: Any, run: "checkpoints.Run", unit: str, every: int, name: str
    ) -> Iterator[int]:
        """Yield from `steps`; see ``Example.resumable``."""
        if not self._restored:
            self._restore(sess, saver, run)
        if not self._seen and not run.resumed:
            summaries.write_graph(self.writer(), sess.graph)
        self._seen += 1
        name, total = name or f"loop {self._seen}", len(steps)
        first = min(self.loops.get(name, 0), total)
        self.interrupt.advice = f"`{run.command} --resume` goes on from the last checkpoint"
        self.interrupt.waiting = True
        try:
            with tqdm(steps[first:], initial=first, total=total, unit=unit, leave=False, disable=None) as bar:
                for done, step in enumerate(bar, start=first + 1):
                    yield step
                    self.loops[name] = done
                    if done % every == 0 or done == total or self.interrupt.signal:
                        run.save(sess, saver, self._state(run))
                        self.writer().flush()
                        if self.interrupt.signal:
                            break
        finally:
            self.interrupt.waiting = False
        if self.interrupt.signal:
            self.interrupt.end()

    def record(self, step: int, values: dict[str, float], folder: Path | None) -> None:
        """Append `values` to the history; Problem for one that is not finite. `folder`: of the checkpoints, if any."""
        for name, value in values.items():
            if not math.isfinite(value):
                saved = checkpoints.latest(folder) if folder else None
                good = f"the last good checkpoint is {shown(Path(saved))}" if saved else "nothing was saved yet"
                raise Problem(f"{name} is {value} at step {step}: {good}; try a smaller learning rate")
            self.history.setdefault(name, []).append([step, float(value)])

    def _state(self, run: "checkpoints.Run") -> dict[str, Any]:
        return {
            "loops": self.loops,
            "history": self.history,
            "seconds": self.earlier_seconds + run.seconds(),
            "readers": [reader.position for reader in self.data.readers],
        }

    def _restore(self, sess: Any, saver: Any, run: "checkpoints.Run") -> None:
        self._restored = True
        path = checkpoints.latest(run.folder) if run.resumed else None
        if not path:
            return
        then = run.earlier_settings
        if then.get("data", self.data.sources) != self.data.sources:
            raise Problem(
                f"{shown(run.folder)} was trained on {_names(then['data'])}, this run has "
                f"{_names(self.data.sources)}: use the same data, or start again with --fresh"
            )
        checkpoints.restore(sess, saver, path, self.settings, then)
        run.begin()
        state = checkpoints.load_state(path)
        self.loops, self.history = state["loops"], state["history"]
        self.earlier_seconds = state["seconds"]
        for reader, position in zip(self.data.readers, state["readers"], strict=True):
            reader.position = position
        print(f"resumed from {shown(Path(path))}")
        self._forget_what_comes_again()

    def _forget_what_comes_again(self) -> None:
        """Tell TensorBoard to drop what a killed run logged after the checkpoint: this run logs it again."""
        from utils.tf1 import tf

        first = 1 + max((int(points[-1][0]) for points in self.history.values()), default=-1)
        self.writer().add_session_log(tf.SessionLog(status=tf.SessionLog.START), first)


def _names(sources: list[dict[str, Any]]) -> str:
    return ", ".join(f"{source['name']} ({source['source']})" for source in sources) or "no data set"
