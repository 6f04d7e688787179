"""What a run saves, and how the next one goes on from it.

A folder ``checkpoints/<id>/`` holds TensorFlow's own files (``Saver``), ``run.json`` with the settings of the run that
made them and whether it finished, and beside each checkpoint of a training loop a small JSON file with the rest of its
state: how many steps are done, the recorded losses, the state of NumPy's generator, the place in the data.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from utils.paths import shown
from utils.problems import Problem, WrongFlag, write_json

RUN_FILE = "run.json"
STATE = ".state.json"
TRAINING = "training"  # the state file of the training loop's own checkpoints; a script's saver keeps "checkpoint"


def read_run(folder: Path) -> dict[str, Any] | None:
    """Return the ``run.json`` in `folder`, None where there is none; Problem where it is damaged."""
    path = folder / RUN_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content | {"settings": dict(content["settings"]), "finished": bool(content["finished"])}
    except (ValueError, KeyError, TypeError) as error:
        raise Problem(f"{shown(path)} is damaged ({error}): start again with --fresh") from None


def refuse_unfinished(folder: Path, command: str) -> None:
    """Leave an interrupted run in `folder` alone until the user says what to do: WrongFlag (exit 2) with the choice."""
    earlier = read_run(folder)
    if earlier and not earlier["finished"] and any(folder.rglob("*.index")):
        raise WrongFlag(
            f"{shown(folder)} holds an interrupted run: `{command} --resume` goes on with it, "
            f"`{command} --fresh` starts again and moves it aside"
        )


class Run:
    """A checkpoint folder made ready for one run.

    An earlier run in it is gone on with (`resume`) or moved aside, never deleted. `command` is what the user typed,
    `seconds` returns how long the run has taken so far.

    ``resumed``: this run goes on with an earlier one, whose settings are ``earlier_settings``.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        seconds: Callable[[], float],
        *,
        resume: bool,
        settings: dict[str, Any],
    ) -> None:
        self.folder, self.command, self.seconds, self.settings = folder, command, seconds, settings
        earlier = read_run(folder)
        self.resumed = bool(resume and earlier)
        self.earlier_settings: dict[str, Any] = earlier["settings"] if earlier else {}
        if self.resumed:
            write_json(folder / RUN_FILE, {"settings": self.earlier_settings, "finished": False})
            return
        if any(folder.rglob("*.index")):
            print(f"the earlier run is kept in {shown(_move_aside(folder))}")
        elif resume:
            print("nothing to resume: training from scratch")
        folder.mkdir(parents=True, exist_ok=True)
        self.begin()

    def begin(self) -> None:
        """Note in the folder that a run with these settings is under way."""
        write_json(self.folder / RUN_FILE, {"settings": self.settings, "finished": False})

    def save(self, sess: Any, saver: Any, state: dict[str, Any]) -> None:
        """Save a checkpoint and, beside it, the part of a training's state that TensorFlow does not save.

        A kill at any moment leaves the checkpoint before in place.
        """
        done = sum(state["loops"].values())
        prefix = str(self.folder / "train.ckpt")
        name, keys, *rest = np.random.get_state()
        state = state | {"numpy": [name, keys.tolist(), *rest]}
        write_json(Path(f"{prefix}-{done}{STATE}"), state)  # first, so that no checkpoint lacks its state
        saver.save(sess, prefix, global_step=done, latest_filename=TRAINING)
        for file in self.folder.glob(f"train.ckpt-*{STATE}"):  # those whose checkpoint the saver has dropped
            if not Path(str(file).removesuffix(STATE) + ".index").exists():
                file.unlink()


def _move_aside(folder: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = folder.with_name(f"{folder.name}-{stamp}")
    number = 2
    while aside.exists():
        aside = folder.with_name(f"{folder.name}-{stamp}~{number}")
        number += 1
    return folder.rename(aside)


def mark_finished(folder: Path) -> None:
    """Note in `folder` that its run came to its end."""
    run = read_run(folder)
    if run:
        write_json(folder / RUN_FILE, run | {"finished": True})


def latest(folder: Path) -> str | None:
    """Return the newest checkpoint of the training loop in `folder`, None where nothing was saved yet.

    Problem where the state file is there but names no checkpoint that exists.
    """
    from utils.tf1 import tf

    try:
        path = tf.train.latest_checkpoint(str(folder), latest_filename=TRAINING)
    except ValueError:  # the state file is empty
        path = None
    if path is None and (folder / TRAINING).exists():
        raise Problem(
            f"{shown(folder / TRAINING)} names no checkpoint that is there: the folder was damaged or copied "
            "in part; restore it, or start again with --fresh"
        )
    return path


def restore(sess: Any, saver: Any, path: str, now: dict[str, Any], then: dict[str, Any]) -> None:
    """Restore `path`, after checking that it fits the graph.

    `now` and `then` are the settings of this run and of the one that saved; where shapes differ, the Problem names the
    settings that differ.
    """
    from utils.tf1 import tf

    try:
        saved = tf.train.NewCheckpointReader(path).get_variable_to_shape_map()
    except tf.errors.OpError as error:
        raise Problem(f"{shown(Path(path))} cannot be read ({str(error).splitlines()[0]}): use --fresh") from None
    misfits = [
        f"{v.op.name} is {v.shape.as_list()} in this run and {saved.get(v.op.name, 'missing')} in the checkpoint"
        for v in sess.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
        if saved.get(v.op.name) != v.shape.as_list()
    ]
    if misfits:
        differ = ", ".join(
            f"--{name.replace('_', '-')} was {then.get(name)} and is {value}"
            for name, value in now.items()
            if then.get(name) != value
        )
        raise Problem(
            f"{shown(Path(path))} is of another network: {misfits[0]}"
            + (f" ({differ}): give the same settings" if differ else ": the script has changed since")
            + ", or start again with --fresh"
        )
    saver.restore(sess, path)
    listed = tf.train.get_checkpoint_state(str(Path(path).parent), latest_filename=TRAINING)
    saver.recover_last_checkpoints(listed.all_model_checkpoint_paths)  # so that the old ones are dropped in time


def load_state(path: str) -> dict[str, Any]:
    """Return the state saved beside the checkpoint `path`, and put NumPy's generator back; Problem if it is damaged."""
    file = Path(path + STATE)
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        name, keys, *rest = state["numpy"]
        np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
        return {key: state[key] for key in ("loops", "history", "seconds", "readers")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{shown(file)} is missing or damaged ({error}): start again with --fresh") from None
