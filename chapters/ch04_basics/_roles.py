"""The roles of example 20: what a user asks for, and what it takes to be one process of a cluster.

A *role* is one process: a job (ps, worker) and the number of its task. However it is started, it is the script with
``--job``, ``--task`` and ``--cluster`` (or with ``TF_CONFIG``). One that the launcher started (``_cluster.py``) has a
pipe to it as standard input: when the other end is closed, by the launcher or by its death, the process stops.
"""

import contextlib
import io
import json
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from utils import flags
from utils.problems import WrongFlag, write_json

JOBS = ("ps", "worker", "chief", "master")
CHIEFS = ("chief", "master")  # jobs of their own in some clusters; elsewhere worker 0 is the chief
SECONDS_TO_STOP = 5.0  # for a role to end in order, a checkpoint included, before it is killed
SECONDS_FOR_THE_REST = 3.0  # how long a ps outlives its launcher, so that the chief can read the variables and save

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
