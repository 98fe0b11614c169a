"""The warm server: imports what jobs need when the first asks for it, and forks a process for each.

Between the server and each job stands a process that looks after that job alone: it hands on signals, ends the job when
the client is gone, and tells the client how it ended. So jobs outlive the server as they would outlive Snakemake.
"""

import atexit
import ctypes
import gc
import importlib
import importlib.util
import marshal
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

# What shells set anew in every process, and no program looks at.
SHELL = ("_", "SHLVL", "PWD", "OLDPWD")
# Of another number libraries start threads while they are imported, and threads do not survive a fork.
THREADS, ONE = "OMP_NUM_THREADS", "1"
# Of the package: what shows results, and calls no kernel of the stages whose names it imports.
SHOWING = ("tables", "figures", "claims", "report")
SET_DEATH_SIGNAL, SET_NAME = 1, 15  # of prctl(2)


class Request(NamedTuple):
    """What a client asks for, and its standard input, output and error."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    streams: list[int]


def main() -> None:
    """Serve until Snakemake ends. The process of a job comes out of `serve`, and ends as any program does."""
    number, path, source = sys.argv[1:]
    done: list[Request] = []
    atexit.register(leave, done)  # the first such function, hence the last to be called
    request = Server(Path(source)).serve(socket.socket(fileno=int(number)))
    if request is None:
        shutil.rmtree(Path(path).parent, ignore_errors=True)
        os._exit(0)
    sys.argv = [request.module, *request.arguments]
    try:
        runpy.run_module(request.module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
    done.append(request)


def leave(done: list[Request]) -> None:
    """End a job that has succeeded, without taking the interpreter down: that would copy all inherited memory."""
    if done:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class Server:
    """What has been imported of the package in the folder `source`, and which jobs a fork of it can do."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.stamp = stamp(source)
        self.python = interpreter(os.environ)
        self.folder = os.getcwd()
        sys.path[0] = self.folder  # as `python -m` has it
        self.environment: dict[str, str] | None = None
        self.loaded: set[str] = set()
        self.warmed: set[str] = set()

    def serve(self, listener: socket.socket) -> Request | None:
        """Fork for every job that can be done so, until standard input is closed.

        Returns:
            In a job's process its request; in the server None, at the end.
        """
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that look after jobs
        gc.disable()
        while self.environment is None or threads() == 1:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                break
            with listener.accept()[0] as connection:
                try:
                    request = receive(connection)
                    if self.serves(request) and os.fork() == 0:
                        listener.close()
                        look_after(connection, request)
                        return request
                except OSError:  # the client is gone, or this user has no process left
                    continue
                for stream in request.streams:
                    os.close(stream)
        return None

    def serves(self, request: Request) -> bool:
        """Whether a fork of this process is what a new process would be; imports what the job needs.

        The first job decides on the environment, by which libraries are set up.
        """
        environment = lasting(request.environment)
        if request.folder != self.folder or interpreter(environment) != self.python:
            return False
        if environment.get(THREADS) != ONE:
            return False
        if self.environment is None:
            self.environment = environment
            os.environ.clear()
            os.environ.update(environment)
        if environment != self.environment or stamp(self.source) != self.stamp:
            return False
        if request.module not in self.loaded:
            try:
                self.warmed |= load(request.module, self.warmed)
            except Exception:  # which the job's own process will report
                return False
            self.loaded.add(request.module)
        return threads() == 1


def stamp(source: Path) -> dict[str, tuple[int, int]]:
    """Times and sizes of all files of the package, and the time of the folder that packages are installed in."""
    found = {}
    for folder, below, files in os.walk(source):
        below[:] = [name for name in below if name != "__pycache__"]
        for name in files:
            status = os.stat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = status.st_mtime_ns, status.st_size
    installed = sysconfig.get_path("purelib")
    return {**found, installed: (os.stat(installed).st_mtime_ns, 0)}


def threads() -> int:
    """Threads of this process, once those that are about to end have done so."""
    for _ in range(100):
        found = len(os.listdir("/proc/self/task"))
        if found == 1:
            break
        time.sleep(0.01)
    return found


def receive(connection: socket.socket) -> Request:
    """Read what a client asks for; an `OSError` when it does not say so within seconds."""
    connection.settimeout(10)
    size, streams, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as file:
        text = file.read(int.from_bytes(size, "big"))
    connection.settimeout(None)
    if len(streams) != 3 or not text:
        raise OSError("the client went away")
    module, arguments, folder, environment = marshal.loads(text)
    return Request(module, arguments, folder, environment, streams)


def lasting(environment: dict[str, str]) -> dict[str, str]:
    """Variables that programs look at."""
    return {name: value for name, value in environment.items() if name not in SHELL}


def interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that Python itself looks at when it starts."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON")}


def load(module: str, warmed: set[str]) -> set[str]:
    """Import what a program imports, and load the compiled kernels that are not yet `warmed`; returns their modules."""
    importlib.import_module(program(module))
    mine = f"{module}.".split(".")[1]
    names = {name for name in sys.modules if name.startswith("gradnoise.")} - warmed
    if mine in SHOWING:
        names = {name for name in names if name.split(".")[1] == mine}
    for name in sorted(names):
        warm: Any = getattr(sys.modules[name], "warm", None)
        if getattr(warm, "__module__", "") == name:
            warm()
    gc.freeze()  # what is never collected stays shared with all forks
    return names


def program(module: str) -> str:
    """The module that `python -m` runs: of a package its `__main__`."""
    found = importlib.util.find_spec(module)
    package = found is not None and found.submodule_search_locations is not None
    return f"{module}.__main__" if package else module


def look_after(connection: socket.socket, request: Request) -> None:
    """Fork once more, and return in the job's process alone; here see to it until it ends."""
    me, job = os.getpid(), -1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        job = os.fork()
        if job:
            connection.sendall(b"s")
            status = wait(job, connection)
            connection.sendall(str(status).encode())
    finally:
        if job:
            os._exit(0)
    connection.close()
    become(request, me)


def wait(job: int, connection: socket.socket) -> int:
    """Hand on signals until the job ends; end it with its client. Its exit status, of a signal the negative number."""
    ended = os.pidfd_open(job)
    places: list[int] = [ended, connection.fileno()]
    while ended not in select.select(places, [], [])[0]:
        number = connection.recv(1)
        os.kill(job, number[0] if number else signal.SIGKILL)
        if not number:
            break
    return os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])


def become(request: Request, parent: int) -> None:
    """Make this fork the process that the client stands for."""
    prctl: Any = ctypes.CDLL(None).prctl
    prctl(SET_NAME, request.module.removeprefix("gradnoise.").encode())
    prctl(SET_DEATH_SIGNAL, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request.environment)
    # It is run under another name, as if it had not been imported yet.
    sys.modules.pop(program(request.module), None)
    gc.enable()


if __name__ == "__main__":
    main()
