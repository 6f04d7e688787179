"""What a run cost: its time, its peak memory, and the versions it ran with."""

import os
import platform
import sys
from importlib import metadata

import psutil


def process_start() -> float:
    """Return when the script was started, in seconds since the epoch: imports count as part of a run.

    ``run.py`` puts the script in its own place and says so in $TFBOOK_STARTED: an installation does not count.
    """
    return max(psutil.Process().create_time(), float(os.environ.get("TFBOOK_STARTED") or 0))


def peak_mb() -> float:
    """Return the most memory this process has held at once, in MB (2**20 bytes)."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the figures."""
    found = {"python": platform.python_version()}
    for name in ("tensorflow", "numpy"):
        found[name] = metadata.version(name)
    return found
