"""Errors that a user can mend: one clear line, a non-zero exit, no traceback."""

import errno
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


class Problem(SystemExit):
    """Something the user can mend. Left alone it ends the program with its text and exit status 1.

    The text says what is wrong, where, and what to do.
    """

    def __str__(self) -> str:
        return str(self.code)


class WrongFlag(SystemExit):
    """A flag or an id that makes no sense: the text goes to stderr, the exit status is 2."""

    def __init__(self, text: str) -> None:
        super().__init__(2)
        self.text = text
        print(text, file=sys.stderr)

    def __str__(self) -> str:
        return self.text


_DISK = {
    errno.ENOSPC: "the disk is full: free some space and start again",
    errno.EFBIG: "files may not grow that large here: raise the limit (ulimit -f) and start again",
    errno.EDQUOT: "the disk quota is used up: free some space and start again",
    errno.EACCES: "no permission to write there: mend it, or name another folder in $TFBOOK_RUNS",
    errno.EPERM: "no permission to write there: mend it, or name another folder in $TFBOOK_RUNS",
    errno.EROFS: "that disk is read-only: name another folder in $TFBOOK_RUNS",
    errno.ENOTDIR: "a file stands where a folder is needed: move it, or name another folder in $TFBOOK_RUNS",
    errno.EEXIST: "a file stands where a folder is needed: move it, or name another folder in $TFBOOK_RUNS",
}


def disk_problem(error: BaseException) -> str | None:
    """Return one line for an error of the file system, also when TensorFlow reports it; None for others."""
    if isinstance(error, OSError) and error.errno in _DISK:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{_DISK[error.errno]}"
    if hasattr(error, "error_code"):  # a TensorFlow error: the kernel's words are in its message
        for line in str(error).splitlines():
            for code, advice in _DISK.items():
                if os.strerror(code) in line:
                    return f"{line.strip()}: {advice}"
    return None


def write_json(path: Path, content: Any) -> None:
    """Write `content` to `path` in one piece: a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(content, stream, ensure_ascii=False, indent=1)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
