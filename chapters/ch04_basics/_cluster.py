"""Starting and ending the processes of example 20: what no chapter teaches.

The launcher starts all roles (``_roles.py``) on this machine as its children and holds one end of a pipe to the
standard input of each, so that none outlives it.

A new Python needs seconds for TensorFlow's import. Where the system can fork, the launcher therefore forks a few
processes in advance. This has to happen before it makes its first graph: that seeds the generator from which TensorFlow
draws the numbers of its sessions and steps, and processes forked later would draw the same ones and take each other's
sessions on the ps for their own.
"""

import contextlib
import json
import multiprocessing
import os
import random
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from _roles import SECONDS_FOR_THE_REST, SECONDS_TO_STOP, Role, cluster_text

from utils import catalogue, flags
from utils.problems import Problem

RESTARTS = 3  # of each process


@dataclass
class _Process:
    """A child of the launcher. `handle`: multiprocessing.Process or subprocess.Popen. `line`: to its standard input."""

    handle: Any
    line: Any

    @property
    def pid(self) -> int:
        """The process number."""
        return self.handle.pid

    @property
    def code(self) -> int | None:
        """The exit status (below zero: the signal that killed it), None while it runs."""
        return self.handle.poll() if isinstance(self.handle, subprocess.Popen) else self.handle.exitcode

    def release(self) -> None:
        """Tell the process to stop."""
        with contextlib.suppress(OSError):
            self.line.close()

    def end(self) -> None:
        """Kill the process if it still runs."""
        self.handle.kill()
        self.release()
        self.handle.wait() if isinstance(self.handle, subprocess.Popen) else self.handle.join()


def spare_processes(count: int = 6) -> list[_Process]:
    """Fork processes that wait to be told their role; none where that cannot be done or is not wanted.

    Call it when TensorFlow is imported and nothing was made with it yet.
    """
    if sys.platform != "linux" or "IPython" in sys.modules or "--no-fork" in flags.own_arguments():
        return []
    spares: list[_Process] = []
    context = multiprocessing.get_context("fork")
    for _ in range(count):
        read, write = os.pipe()
        lines = [*(spare.line for spare in spares), os.fdopen(write, "wb", buffering=0)]
        process = context.Process(target=_wait_for_a_role, args=(read, lines), daemon=True)
        process.start()
        os.close(read)
        spares.append(_Process(process, lines[-1]))
    return spares


def _wait_for_a_role(read: int, lines: list[Any]) -> None:
    os.setsid()  # Ctrl-C is for the launcher alone
    for line in lines:  # or the launcher's death would go unnoticed while a sister lives
        line.close()
    os.dup2(read, 0)
    os.close(read)
    order = b""
    while not order.endswith(b"\n"):
        part = os.read(0, 1)
        if not part:
            os._exit(0)  # the launcher is gone, or had no need of this one
        order += part
    name, sys.argv = json.loads(order)
    os.environ["TFBOOK_ROLE"] = name
    runpy.run_path(sys.argv[0], run_name="__main__")


@dataclass
class _Child:
    """A role and the process that has it now."""

    role: Role
    process: _Process | None = None
    starts: int = 0
    lost: bool = False  # it was killed and is not started again

    @property
    def code(self) -> int | None:
        """The exit status, None while it runs."""
        return self.process.code if self.process else None


class Launcher:
    """Runs a ps and ``ex.workers`` workers on free ports of this machine, in `spares` while there are any."""

    def __init__(self, ex: Any, spares: list[_Process]) -> None:
        self.ex, self.spares = ex, spares
        ports = free_ports(1 + ex.workers)
        self.hosts = {"ps": [f"127.0.0.1:{ports[0]}"], "worker": [f"127.0.0.1:{port}" for port in ports[1:]]}
        self.children = [
            _Child(Role(job, task, self.hosts, ex.outputs))
            for job in self.hosts
            for task in range(len(self.hosts[job]))
        ]

    def run(self) -> dict[str, Any]:
        """Start the roles, wait for the workers, end the ps and return the workers' reports: name → content.

        Problem where the training could not come to its end. No process is left in any case.
        """
        print(f"cluster: {cluster_text(self.hosts)}")
        for child in self.children:
            child.role.report_file.unlink(missing_ok=True)
        try:
            for child in self.children:
                self._start(child)
            while any(child.code is None for child in self.children[1:]):
                time.sleep(0.05)
                for child in self.children:
                    if child.code not in (None, 0) and not child.lost:
                        self._ended(child)
            # One that was lost and started again by hand is about to end as well.
            _wait(lambda: all(c.role.report_file.exists() for c in self.children if c.lost), SECONDS_FOR_THE_REST)
        except SystemExit as ended:
            self._stop()
            if ended.code in (128 + signal.SIGINT, 128 + signal.SIGTERM) and any(self.ex.checkpoints.glob("*.index")):
                again = shlex.join(["python", "run.py", self.ex.id, *self._own_flags(), "--resume"])
                print(f"saved: `{again}` goes on", file=sys.stderr)
            raise
        finally:
            self._stop()
        reports = {}
        for child in self.children[1:]:
            if child.role.report_file.exists():
                reports[child.role.name] = json.loads(child.role.report_file.read_text(encoding="utf-8"))
            elif child.role.is_chief:
                raise Problem("the chief was lost, and with it the steps since the last checkpoint: --resume goes on")
        return reports

    @staticmethod
    def _own_flags() -> list[str]:
        return [word for word in flags.own_arguments() if word not in ("--resume", "--fresh")]

    def _command(self, role: Role) -> list[str]:
        """Return the flags that make a process this role."""
        return [*self._own_flags(), "--job", role.job, "--task", str(role.task), "--cluster", cluster_text(role.hosts)]

    def _start(self, child: _Child) -> None:
        child.starts += 1
        if child.process:
            child.process.release()
        command = [str(catalogue.find(self.ex.id).path), *self._command(child.role)]
        if self.spares:
            child.process = self.spares.pop(0)
            child.process.line.write(json.dumps([child.role.name, command]).encode() + b"\n")
        else:
            started = subprocess.Popen(
                [sys.executable, *command],
                env=os.environ | {"TFBOOK_ROLE": child.role.name},
                stdin=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the launcher alone
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
            child.process = _Process(started, started.stdin)
        chief = ", the chief" if child.role.is_chief else ""
        print(f"started {child.role.name} as process {child.process.pid}{chief}", flush=True)

    def _ended(self, child: _Child) -> None:
        """Deal with a process that did not end well."""
        name, code = child.role.name, child.code or 0
        if code in (1, 2):
            raise Problem(f"{name} ended with exit status {code}: its own lines say why")
        print(f"{name} was killed ({signal.Signals(-code).name if code < 0 else f'exit status {code}'})", flush=True)
        if self.ex.restart and child.starts <= RESTARTS:
            self._start(child)
            return
        child.lost = True
        if child.role.job == "ps":
            raise Problem("without its ps the cluster cannot go on: --resume starts again from the last checkpoint")
        by_hand = shlex.join(["python", "run.py", self.ex.id, *self._command(child.role)])
        print(f"it can be started again in another console:\n  {by_hand}", flush=True)

    def _stop(self) -> None:
        """End what still runs: the chief first, which saves, then the other workers, and the ps at last."""
        processes = [child.process for child in self.children if child.process]
        try:
            for is_chief in (True, False):
                group = [
                    child.process
                    for child in self.children
                    if child.process and child.role.job != "ps" and child.role.is_chief == is_chief
                ]
                for process in group:
                    process.release()
                _wait(lambda group=group: all(p.code is not None for p in group), SECONDS_TO_STOP + 1)
        finally:
            for process in [*processes, *self.spares]:
                process.end()


def _wait(done: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Return `count` free TCP ports of this machine, below those that systems lend to outgoing connections."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", random.SystemRandom().randrange(10_000, 32_000)))
                ports.append(probe.getsockname()[1])
    return ports
