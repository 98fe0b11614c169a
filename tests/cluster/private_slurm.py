"""A Slurm of one's own on one machine: two nodes, one made-up GPU, loopback only, ended by process id.

Nothing outside its folder is written, and no configuration of the system is used: names of nodes, which control groups
bear too, ports and sockets are its own, so that others, and the machine's, run beside it. Memory limits are the kernel's
where the memory controller of cgroup v1 can be written to, else Slurm looks once a second.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path

PROGRAMS = ("setpriv", "munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
NODES, CPUS, MEMORY = 2, 4, 8000  # MiB, of each node, as Slurm believes
SYSTEM = "/usr/sbin:/sbin"
CGROUP = Path("/sys/fs/cgroup/memory")

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
{tracking}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=2
PriorityType=priority/basic
KillWait=2
CompleteWait=0
SlurmctldTimeout=60
SlurmdTimeout=60
InactiveLimit=0
ReturnToService=2
MinJobAge=300
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=120 State=UP
PartitionName=gpu Nodes={last} MaxTime=120 State=UP
"""
BY_KERNEL = "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup"
BY_LOOKING = (
    "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherParams=OverMemoryKill"
)
CONTROLLERS = """CgroupPlugin=cgroup/v1
CgroupMountpoint=/sys/fs/cgroup
CgroupAutomount=no
ConstrainRAMSpace=yes
ConstrainSwapSpace=yes
AllowedSwapSpace=0
"""


def missing() -> list[str]:
    """Programs that are needed and not installed."""
    path = os.environ["PATH"] + os.pathsep + SYSTEM
    return [program for program in PROGRAMS if shutil.which(program, path=path) is None]


class Slurm:
    """A cluster that runs while it is entered.

    Args:
        folder: a new one; short, since sockets lie in it.

    Attributes:
        environment: variables with which Slurm's programs, and Snakemake's, find it.
        nodes: their names; the last has the GPU.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = [f"{folder.name}-{i + 1}" for i in range(NODES)]
        self._daemons: list[tuple[str, subprocess.Popen[bytes]]] = []
        path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], SYSTEM])
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}

    def __enter__(self) -> "Slurm":
        try:
            self._write()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __call__(self, *command: str) -> str:
        """What one of Slurm's programs says."""
        done = subprocess.run(
            command,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    def _write(self) -> None:
        for name in ("log", "state", "bin", "dev", *(f"spool-{node}" for node in self.nodes)):
            (self.folder / name).mkdir(parents=True)
        ports, kernel = free_ports(NODES + 1), by_kernel()
        host = socket.gethostname().split(".")[0]
        lines = [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} "
            f"RealMemory={MEMORY} State=UNKNOWN{' Gres=gpu:fake:1' if node == self.nodes[-1] else ''}"
            for node, port in zip(self.nodes, ports[1:], strict=True)
        ]
        text = CONFIGURATION.format(
            host=host,
            controller=ports[0],
            user=subprocess.check_output(["id", "-un"], text=True).strip(),
            folder=self.folder,
            tracking=BY_KERNEL if kernel else BY_LOOKING,
            nodes="\n".join(lines),
            last=self.nodes[-1],
        )
        (self.folder / "slurm.conf").write_text(text)
        if kernel:
            (self.folder / "cgroup.conf").write_text(CONTROLLERS)
        (self.folder / "dev/gpu0").symlink_to("/dev/null")
        (self.folder / "gres.conf").write_text(
            f"AutoDetect=off\nNodeName={self.nodes[-1]} Name=gpu Type=fake File={self.folder}/dev/gpu0\n"
        )
        # A job's inner step loses SLURM_CONF, since the plugin clears Slurm's variables before it calls srun.
        wrapper = self.folder / "bin/srun"
        real = shutil.which("srun")
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {real} "$@"\n')
        wrapper.chmod(0o755)
        (self.folder / "munge.key").write_bytes(os.urandom(128))
        (self.folder / "munge.key").chmod(0o600)

    def _start(self) -> None:
        at, sock = self.folder, self.folder / "munge.socket"
        options = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        options |= {"log-file": "log/munged.log", "seed-file": "munge.seed"}
        self._launch("munged", "-F", "-f", *(f"--{k}={at / v}" for k, v in options.items()))
        self._wait("munge", lambda: sock.exists())
        self._launch("slurmctld", "-D", "-i")
        for node in self.nodes:
            self._launch("slurmd", "-D", "-N", node)
        self._wait(
            "nodes",
            lambda: (
                self("sinfo", "-h", "-p", "cpu", "-t", "idle", "-o", "%D").strip() == str(NODES)
            ),
        )

    def _launch(self, *command: str) -> None:
        # Ended with the tests, however these end.
        tied = ["setpriv", "--pdeathsig", "TERM", *command]
        with (self.folder / f"log/{command[0]}.out").open("ab") as log:
            daemon = subprocess.Popen(
                tied,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._daemons.append((command[0], daemon))

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + 120
        while not ready():
            dead = [name for name, daemon in self._daemons if daemon.poll() is not None]
            if dead or time.monotonic() > until:
                logs = "\n".join(log.read_text()[-2000:] for log in self.folder.glob("log/*"))
                raise RuntimeError(f"{what}: not up; ended: {dead}\n{logs}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End jobs, then daemons, each by its own id, the last started first."""
        if len(self._daemons) > 1:
            with suppress(subprocess.TimeoutExpired):
                self("scancel", f"--user={os.environ.get('USER', 'root')}")
                until = time.monotonic() + 15
                while self("squeue", "-h").strip() and time.monotonic() < until:
                    time.sleep(0.3)
        for _, daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()
        groups = (CGROUP.parent.glob(f"*/slurm_{node}") for node in self.nodes)
        for left in chain.from_iterable(groups):
            for group in sorted(left.rglob("*/"), reverse=True):
                with suppress(OSError):
                    group.rmdir()
            with suppress(OSError):
                left.rmdir()


def by_kernel() -> bool:
    """Whether memory controllers of one's own can be made."""
    try:
        Path(tempfile.mkdtemp(prefix="probe-", dir=CGROUP)).rmdir()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
