"""Starting, labelling and ending the processes of example 20: what no chapter teaches.

A *role* is one process of a cluster: a job (ps, worker) and the number of its task. However it is started, it is the
script with ``--job``, ``--task`` and ``--cluster`` (or with ``TF_CONFIG``). The launcher starts all roles on this
machine as its children. It holds one end of a pipe to the standard input of each: when that end is closed, by the
launcher or by its death, the child stops.

A new Python needs seconds for TensorFlow's import. Where the system can fork, the launcher therefore forks a few
processes in advance. This has to happen before it makes its first graph: that seeds the generator from which TensorFlow
draws the numbers of its sessions and steps, and processes forked later would draw the same ones and take each other's
sessions on the ps for their own.
"""

import contextlib
import io
import json
import multiprocessing
import os
import random
import re
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from utils import catalogue, flags
from utils.problems import Problem, WrongFlag, write_json

JOBS = ("ps", "worker", "chief", "master")
CHIEFS = ("chief", "master")  # jobs of their own in some clusters; elsewhere worker 0 is the chief
SECONDS_TO_STOP = 5.0  # for a role to end in order, a checkpoint included, before it is killed
SECONDS_FOR_THE_REST = 3.0  # how long a ps outlives its launcher, so that the chief can read the variables and save
RESTARTS = 3  # of each process

Hosts = dict[str, list[str]]


@dataclass
class Role:
    """One process of a cluster. `hosts`: job → its tasks' addresses ``host:port``. `folder`: for its report."""

    job: str
    task: int
    hosts: Hosts
    folder: Path
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)  # set: leave the training loop

    @property
    def name(self) -> str:
        """Such as ``worker 0``."""
        return f"{self.job} {self.task}"

    @property
    def address(self) -> str:
        """This process's own ``host:port``."""
        return self.hosts[self.job][self.task]

    @property
    def is_chief(self) -> bool:
        """Whether this process initialises, saves and restores the variables."""
        return self.job in CHIEFS or (self.name == "worker 0" and not set(CHIEFS) & set(self.hosts))

    @property
    def replicas(self) -> int:
        """How many processes of the cluster train."""
        return sum(len(addresses) for job, addresses in self.hosts.items() if job != "ps")

    @property
    def report_file(self) -> Path:
        """Where `write_report` puts what this process did."""
        return self.folder / f"{self.job}-{self.task}.json"

    def write_report(self, **content: Any) -> None:
        """Keep what this process did, for the launcher to read."""
        write_json(self.report_file, content)


# What a user asks for
def is_one_role() -> bool:
    """Return whether this process is to be one role: with ``--job``, or without it by ``TF_CONFIG``."""
    words = " ".join(flags.own_arguments()).replace("--job=", "--job ").split()
    job = words[words.index("--job") + 1] if "--job" in words[:-1] else "all"
    return job != "all" or bool(os.environ.get("TF_CONFIG"))


def role_of(ex: Any) -> Role | None:
    """Return the role that ``--job``, ``--task`` and ``--cluster`` or ``TF_CONFIG`` give this process, None for all.

    WrongFlag where they make no sense.
    """
    job, task, source = ex.job, ex.task, "--cluster" if ex.cluster else "TF_CONFIG"
    if job == "all" and (ex.cluster or ex.task):
        raise WrongFlag("--cluster and --task need --job: which of the processes is this one?")
    if ex.cluster:
        hosts = read_cluster(ex.cluster)
    elif os.environ.get("TF_CONFIG"):
        hosts, its_job, its_task = read_tf_config(os.environ["TF_CONFIG"])
        job, task = (its_job, its_task) if job == "all" else (job, task)
    elif job == "all":
        return None
    else:
        raise WrongFlag(f"--job {job} needs --cluster, such as {shlex.quote('ps=host1:1681;worker=host2:1682')}")
    if job not in hosts:
        raise WrongFlag(f"{source} has no job {job!r}, only {', '.join(hosts)}")
    if not 0 <= task < len(hosts[job]):
        raise WrongFlag(f"{job} has no task {task}: {source} lists {len(hosts[job])}, numbered from 0")
    return Role(job, task, hosts, ex.outputs)


def read_cluster(text: str) -> Hosts:
    """Return the hosts in a text like ``ps=host:1681;worker=host:1682,host:1683``; WrongFlag for another form."""
    hosts: Hosts = {}
    for part in text.split(";"):
        job, sign, addresses = part.strip().partition("=")
        if not sign or job in hosts:
            raise WrongFlag(f"--cluster: {part.strip()!r} is not of the form 'ps=host:1681;worker=host:1682,host:1683'")
        hosts[job] = [address.strip() for address in addresses.split(",")]
    return _checked(hosts, "--cluster")


def cluster_text(hosts: Hosts) -> str:
    """Return `hosts` as ``--cluster`` takes them."""
    return ";".join(f"{job}={','.join(addresses)}" for job, addresses in hosts.items())


def read_tf_config(text: str) -> tuple[Hosts, str, int]:
    """Return hosts, job and task in ``TF_CONFIG``, the JSON that cluster managers set; WrongFlag for another form."""
    try:
        content = json.loads(text)
        hosts = {str(job): [str(host) for host in addresses] for job, addresses in content["cluster"].items()}
        job, task = str(content["task"]["type"]), int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        form = '{"cluster": {"ps": ["host:1681"], "worker": ["host:1682"]}, "task": {"type": "ps", "index": 0}}'
        raise WrongFlag(f"TF_CONFIG is not of the form {form} ({type(error).__name__}: {error})") from None
    return _checked(hosts, "TF_CONFIG"), job, task


def _checked(hosts: Hosts, source: str) -> Hosts:
    strange = [job for job in hosts if job not in JOBS]
    if strange:
        raise WrongFlag(f"{source}: no job is called {strange[0]!r}: they are {', '.join(JOBS)}")
    if not hosts.get("ps") or not any(hosts.get(job) for job in JOBS[1:]):
        raise WrongFlag(f"{source}: a cluster needs at least one ps and one worker")
    addresses = [address for job in hosts for address in hosts[job]]
    for address in addresses:
        match = re.fullmatch(r"[^\s:/]+:(\d{1,5})|\[[0-9a-fA-F:]+\]:(\d{1,5})", address)
        if not match or not 0 < int(match[1] or match[2]) < 65536:
            raise WrongFlag(f"{source}: {address!r} is not of the form host:port")
        if addresses.count(address) > 1:
            raise WrongFlag(f"{source}: two processes cannot both have {address}")
    return hosts


# Being one role
def act(play: Callable[[Role], None], role: Role) -> NoReturn:
    """Run ``play(role)`` and end this process; it ends early on Ctrl-C, SIGTERM or when its launcher is gone.

    TensorFlow may wait for another machine for hours, deaf to signals: so it gets a thread, and this one listens.
    """
    names = {address.rpartition(":")[0] for addresses in role.hosts.values() for address in addresses}
    # A proxy for the web is none for the cluster.
    os.environ["no_grpc_proxy"] = ",".join(sorted(names))  # noqa: SIM112
    threading.excepthook = _thread_failed
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(_exit_code(play, role)), daemon=True)
    thread.start()
    if _is_launched():
        threading.Thread(target=_listen, args=(role.stopping,), daemon=True).start()
    stopped = None
    try:
        while thread.is_alive() and not role.stopping.is_set():
            thread.join(0.1)
    except SystemExit as ended:  # from the frame's signal handler
        stopped = ended.code
        role.stopping.set()
    with contextlib.suppress(SystemExit):  # a second signal: at once
        if role.job == "ps":
            time.sleep(0 if codes or stopped else SECONDS_FOR_THE_REST)
        else:
            thread.join(SECONDS_TO_STOP)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(stopped or (codes[0] if codes else 0))  # TensorFlow's server has no orderly end


def _exit_code(play: Callable[[Role], None], role: Role) -> int:
    try:
        play(role)
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _thread_failed(failure: Any) -> None:
    """Pass over what is none: the end of the session cancels the chief's queue runner (--sync) in its last wait."""
    if failure.exc_type.__name__ != "CancelledError":
        threading.__excepthook__(failure)


def _is_launched() -> bool:
    """Return whether the launcher made this process: then it is at the other end of the standard input."""
    return bool(re.fullmatch(r"\w+ \d+", os.environ.get("TFBOOK_ROLE", "")))


def _listen(stopping: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    stopping.set()


class _Labelled(io.TextIOBase):
    """Puts ``worker 0 | `` before each line, and passes on whole lines only, so that processes can share a console."""

    def __init__(self, stream: Any, label: str) -> None:
        self.stream, self.label, self.part = stream, label, ""

    def write(self, text: str) -> int:
        """Pass on the lines that `text` completes."""
        *lines, self.part = (self.part + text).split("\n")
        for line in lines:
            self.stream.write(f"{self.label} | {line}\n")
        self.stream.flush()
        return len(text)


def label_output() -> None:
    """Label what this process prints, if the launcher started it."""
    if _is_launched():
        label = os.environ["TFBOOK_ROLE"]
        sys.stdout, sys.stderr = _Labelled(sys.stdout, label), _Labelled(sys.stderr, label)


# Starting all of them
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
