"""``run.py doctor``: what this machine has, and what to mend."""

import importlib
import platform
import shutil
import sys
import tempfile

import psutil

from utils import catalogue, data, paths

GIB = 2**30


def main() -> int:
    """Print the state of this machine and return 0, or 1 where something must be mended."""
    mend: list[str] = []
    system = f"{platform.system()} {platform.machine()}"
    print(f"Python      {platform.python_version()} ({sys.executable}), {system}")
    _tensorflow(mend)
    memory = psutil.virtual_memory()
    print(
        f"memory      {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GB free, {psutil.cpu_count()} CPU cores"
    )
    if memory.available < 2 * GIB:
        mend.append("less than 2 GB of memory is free: close other programs")
    _disk(mend)
    for name in data.NAMES:
        module = importlib.import_module(f"utils.data.{name}")
        try:
            states = [module.status(folder) for folder in data.DataOptions().folders()]
        except SystemExit as problem:
            mend.append(str(problem))
            continue
        state, where = next((found for found in states if found[1]), ("missing", None))
        where = paths.shown(where) if where else f"(`python run.py data {name}` fetches it)"
        print(f"data        {name}: {state} {where}")
    print(f"examples    {len(catalogue.entries())}")
    print("all is well" if not mend else "to mend:\n  " + "\n  ".join(mend))
    return 1 if mend else 0


def _tensorflow(mend: list[str]) -> None:
    try:
        from utils.tf1 import tf

        devices = tf.config.list_physical_devices()
        if sum(_add_on(tf, device.device_type) for device in devices) != len(devices):
            mend.append("TensorFlow computes wrongly: delete .venv and start again")
    except Exception as error:
        print(f"TensorFlow  cannot be used: {error}")
        mend.append("TensorFlow cannot be used: delete .venv, the next start installs it again")
        return
    print(f"TensorFlow  {tf.__version__}, devices: {', '.join(d.name.split(':', 1)[1] for d in devices)}")
    if shutil.which("nvidia-smi") and not any(device.device_type == "GPU" for device in devices):
        mend.append("there is an NVIDIA GPU that TensorFlow does not see: README, section GPU, says what to install")


def _add_on(tf, kind: str) -> bool:  # type: ignore[no-untyped-def]
    """Return whether 1 + 1 is 2 on the first device of this kind."""
    with tf.Graph().as_default(), tf.device(f"/{kind.lower()}:0"):
        total = tf.constant(1.0) + tf.constant(1.0)
        with tf.Session() as sess:
            return bool(sess.run(total) == 2.0)


def _disk(mend: list[str]) -> None:
    root = paths.runs_root()
    if not root.is_dir():
        mend.append(f"{root} is not there: make it, or unset TFBOOK_RUNS")
        return
    free = shutil.disk_usage(root).free
    print(f"disk        {free / GIB:.1f} GB free for outputs/ and checkpoints/ in {root}")
    if free < 2 * GIB:
        mend.append("less than 2 GB of disk is free: checkpoints and data sets need room")
    try:
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        mend.append(f"{root} cannot be written ({error}): mend it, or name another folder in TFBOOK_RUNS")
