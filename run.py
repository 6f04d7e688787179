#!/usr/bin/env python3
"""Run the books' examples: `python run.py 21` installs what is needed into .venv, then runs example 21.

    python run.py list [WORDS]        find examples by id, title, chapter or data set
    python run.py show ID             what an example shows, its flags and the book's figures
    python run.py ID [FLAGS]          run it; --help names its flags
    python run.py board [ID]          look at its TensorBoard log
    python run.py data [NAME]         what data is there; with a name: fetch and check it
    python run.py results             write RESULTS.md; --keep ID keeps the last run of ID first
    python run.py doctor              look at this machine and say what to mend
    python run.py test [PYTEST ARGS]  run the tests

Only the standard library is used here, and nothing newer than what old Pythons can parse: they get a clear line.
"""

import contextlib
import hashlib
import os
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)
HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.environ.get("TFBOOK_VENV") or os.path.join(HERE, ".venv")
STAMP = os.path.join(VENV, "installed.txt")  # written when an installation is complete
REQUIREMENTS = os.path.join(HERE, "requirements.txt")
PYTHON = os.path.join(VENV, "Scripts", "python.exe") if os.name == "nt" else os.path.join(VENV, "bin", "python")


def check_python():
    """End with one line where this Python is too old or too new for TensorFlow."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.stderr.write(
            "run.py: this is Python %d.%d, TensorFlow needs %d.%d to %d.%d: start run.py with one of those, "
            "for example `python%d.%d run.py`\n" % (tuple(sys.version_info[:2]) + OLDEST + NEWEST + NEWEST)
        )
        sys.exit(2)


def wanted_stamp():
    """Return what STAMP holds when the installation fits: requirements, Python and place."""
    with open(REQUIREMENTS, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    return "%s %d.%d %s\n" % ((digest,) + tuple(sys.version_info[:2]) + (HERE,))


def read(path):
    """Return a small file's text, or an empty text where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""


@contextlib.contextmanager
def one_at_a_time():
    """Keep a second run.py from installing at the same time; the lock goes with the process."""
    with open(VENV + ".lock", "a+") as handle:
        try:
            lock(handle, wait=False)
        except OSError:
            sys.stderr.write("run.py: another run.py is installing; waiting for it\n")
            lock(handle, wait=True)
        yield


def lock(handle, wait):
    """Take an exclusive lock on an open file; OSError where it is held and `wait` is False."""
    if os.name == "nt":
        import msvcrt

        handle.seek(0)
        while True:
            try:
                return msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    raise
    import fcntl

    return fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def install():
    """Make .venv as requirements.txt wants it, if it is not so already."""
    if read(STAMP) == wanted_stamp():
        return
    try:
        with one_at_a_time():
            if read(STAMP) != wanted_stamp():
                make_venv()
    except OSError as error:
        sys.exit("run.py: cannot install into %s: %s" % (VENV, error))


def make_venv():
    """Make the virtual environment and install; one that was interrupted or is of another Python is made anew."""
    same_python = read(STAMP).split()[1:2] == ["%d.%d" % sys.version_info[:2]]
    update = same_python and os.path.exists(PYTHON)
    say = "updating" if update else "installing"
    print("run.py: %s what the examples need into %s (about 2 GB, once)" % (say, VENV))
    sys.stdout.flush()
    if not update:
        try:
            import ensurepip  # noqa: F401 - what venv needs, and Debian leaves out
        except ImportError:
            sys.exit("run.py: this Python cannot make virtual environments: install python3-venv, then start again")
        # A plain `import venv` first would do, but in a process of its own a failure leaves this one clean.
        call([sys.executable, "-m", "venv", "--clear", VENV])
    if os.path.exists(STAMP):  # without it an installation that is interrupted now is begun anew
        os.remove(STAMP)
    # --no-deps: requirements.txt is complete, and old packages in it ask for things that nothing here needs.
    call([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS])
    with open(STAMP + ".part", "w", encoding="utf-8") as stream:
        stream.write(wanted_stamp())
    os.replace(STAMP + ".part", STAMP)


def call(command):
    """Run a step of the installation in the project's folder; end with one line where it fails."""
    try:
        code = subprocess.call(command, cwd=HERE)
    except KeyboardInterrupt:
        sys.exit("run.py: the installation was interrupted; the next start begins it again")
    if code:
        sys.exit("run.py: `%s` failed (exit status %d): see above; the next start tries again" % (command[2], code))


def hand_over(arguments):
    """Continue with the Python of .venv."""
    paths = [HERE] + [path for path in [os.environ.get("PYTHONPATH")] if path]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    command = [PYTHON, "-m", "utils.cli"] + arguments
    if os.name != "nt":
        os.execv(PYTHON, command)
    child = subprocess.Popen(command)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            pass  # Ctrl-C reached the child as well; it saves and ends


def main():
    """Answer what needs no installation here, hand everything else to the Python of .venv."""
    check_python()
    sys.path.insert(0, HERE)
    from utils import cli

    arguments = sys.argv[1:]
    if not cli.needs_installation(arguments):
        sys.exit(cli.main(arguments))
    install()
    hand_over(arguments)


if __name__ == "__main__":
    main()
