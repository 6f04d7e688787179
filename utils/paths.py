"""Where things are: the repository, and the folders that runs write into."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
DATASETS = ROOT / "datasets"
RESULTS = ROOT / "results"
RESULTS_PAGE = ROOT / "RESULTS.md"


def runs_root() -> Path:
    """Return the folder that holds ``outputs/`` and ``checkpoints/``: the repository, or ``$TFBOOK_RUNS``."""
    return Path(os.environ.get("TFBOOK_RUNS") or ROOT).expanduser().resolve()


def outputs(example: str) -> Path:
    """Return where example `example` puts its figures, logs and result.json."""
    return runs_root() / "outputs" / example


def checkpoints(example: str) -> Path:
    """Return where example `example` saves its models."""
    return runs_root() / "checkpoints" / example


def shown(path: Path) -> str:
    """Return `path` as a reader wants to see it: relative to the repository when it lies inside."""
    path = Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
