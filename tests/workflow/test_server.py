"""Jobs of the warm server: as processes of their own, whatever happens to them, to their client, or to Snakemake."""

import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import server
from example_config import ROOT
from server.client import ADDRESS, KINDS, TORCH
from server.process import load

CLIENT = [sys.executable, "-IS", str(ROOT / "workflow/server/client.py")]
# What Snakemake is to the servers.
HOST = """
import os, sys
sys.path.insert(0, {workflow!r})
import server
from pathlib import Path
server.start(Path({source!r}))
print(os.environ[{address!r}], flush=True)
sys.stdin.read()
"""
MODULES = {
    # As libraries, imported once by a warm process.
    "heavy": """
from pathlib import Path
with Path("imports").open("a") as file:
    file.write("x")
""",
    "about": """
import json, os, signal, sys
import toy.heavy
def main():
    shell = ("_", "SHLVL", "PWD", "OLDPWD")
    print(json.dumps({
        "arguments": sys.argv[1:], "program": os.path.basename(sys.argv[0]), "package": __package__,
        "folder": os.getcwd(), "path": sys.path, "input": sys.stdin.read(),
        "environment": {key: value for key, value in os.environ.items() if key not in shell},
        "handlers": [str(signal.getsignal(number)) for number in range(1, 20)],
    }))
    print("to the log", file=sys.stderr)
    if "name" in sys.argv:
        print(open("/proc/self/comm").read().strip())
if __name__ == "__main__":
    main()
""",
    "ends": """
import os, sys
if __name__ == "__main__":
    how = sys.argv[1]
    if how == "raise":
        1 / 0
    elif how.startswith("signal"):
        os.kill(os.getpid(), int(how.split()[1]))
    else:
        sys.exit(int(how) if how.isdigit() else how)
""",
    "waits": """
import os, signal, sys, time
from pathlib import Path
def note(text):
    Path("noted.part").write_text(text)
    os.replace("noted.part", "noted")
def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    note(str(os.getpid()))
    try:
        while not Path("go").exists():
            time.sleep(0.01)
    except KeyboardInterrupt:
        sys.exit("interrupted")
    note("done")
if __name__ == "__main__":
    main()
""",
    "threaded": """
import threading, time
threading.Thread(target=time.sleep, args=[60], daemon=True).start()
if __name__ == "__main__":
    print("ran")
""",
    "leaves": """
import atexit, os, sys, threading, time
class Torn:
    def __del__(self):
        os.write(1, b"torn down")
def work():
    time.sleep(0.2)
    print("worked")
if __name__ == "__main__":
    torn = Torn()
    atexit.register(print, "left", end="")
    threading.Thread(target=work).start()
    if "told" in sys.argv:
        sys.exit(0)
""",
    "broken": "import no_such_module",
}


class Host(NamedTuple):
    """A process that started servers, and the environment of its jobs."""

    process: subprocess.Popen[str]
    folder: Path
    sockets: Path
    environment: dict[str, str]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a job."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        given = {"cwd": self.folder, "env": self.environment, "text": True, **pipes, **options}
        return subprocess.Popen([*CLIENT, "-m", *arguments], **given)

    def run(self, *arguments: str, **options: Any) -> tuple[int, str, str]:
        """Run a job: exit status, output, log."""
        process = self.start(*arguments, **options)
        output, log = process.communicate("typed", timeout=30)
        return process.returncode, output, log

    @property
    def imports(self) -> int:
        """How often `toy.heavy` has been imported."""
        return (self.folder / "imports").stat().st_size

    def noted(self, text: str = "") -> str:
        """Wait for what `toy.waits` writes: its process, or this text."""
        path = self.folder / "noted"
        until(lambda: path.exists() and (not text or path.read_text() == text))
        return path.read_text()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    source = tmp_path / "source"
    (source / "toy").mkdir(parents=True)
    (source / "toy/__init__.py").touch()
    for name, text in MODULES.items():
        (source / f"toy/{name}.py").write_text(text)
    (source / "toy/package").mkdir()
    (source / "toy/package/__init__.py").touch()
    (source / "toy/package/__main__.py").write_text(MODULES["about"])
    folder = tmp_path / "project"
    folder.mkdir()
    program = HOST.format(workflow=str(ROOT / "workflow"), source=str(source), address=ADDRESS)
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    environment |= {"SEEN": "by jobs"}
    environment.pop("PYTHONUNBUFFERED", None)  # with it nothing need be flushed
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    sockets = Path(process.stdout.readline().strip())
    yield Host(process, folder, sockets, {**environment, ADDRESS: str(sockets)})
    process.communicate(timeout=30)
    until(lambda: not sockets.exists())


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(process: str) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()[0]
    except FileNotFoundError:
        return False


def catches(process: subprocess.Popen[str], number: int) -> bool:
    """Whether the client looks after its job already."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    (caught,) = (line.split()[1] for line in text.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1 and process.poll() is None)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A shell starts what it puts into the background, tests too, with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


pytestmark = pytest.mark.skipif(not server.LINUX, reason="forks are safe on Linux alone")


@pytest.mark.parametrize("module", ["toy.about", "toy.package"])
def test_a_job_is_what_a_process_of_its_own_would_be(host: Host, module: str) -> None:
    plain = {key: value for key, value in host.environment.items() if key != ADDRESS}
    arguments = [module, "--output", "a b\nc", "'\"$(x)"]
    status, output, log = host.run(*arguments)
    alone = host.run(*arguments, env=plain)
    found, expected = json.loads(output), json.loads(alone[1])
    assert found["environment"].pop(ADDRESS) == str(host.sockets)
    assert found == expected
    assert found["arguments"] == arguments[1:]
    assert (found["input"], found["environment"]["SEEN"]) == ("typed", "by jobs")
    assert (status, log) == (0, "to the log\n") == (alone[0], alone[2])


def test_what_jobs_import_is_imported_once(host: Host) -> None:
    names = [host.run("toy.about", "name")[1].splitlines()[-1] for _ in range(3)]
    assert names == ["toy.about"] * 3
    assert host.imports == 1


@pytest.mark.parametrize(
    ("how", "status", "last"),
    [
        ("0", 0, ""),
        ("7", 7, ""),
        ("error: x: found 1", 1, "error: x: found 1"),
        ("raise", 1, "ZeroDivisionError: division by zero"),
        (f"signal {signal.SIGKILL}", -signal.SIGKILL, ""),
        (f"signal {signal.SIGSEGV}", -signal.SIGSEGV, ""),
        (f"signal {signal.SIGTERM}", -signal.SIGTERM, ""),
    ],
)
def test_a_job_ends_as_a_process_of_its_own_would_and_the_next_is_served(
    host: Host, how: str, status: int, last: str
) -> None:
    found, _, log = host.run("toy.ends", how)
    assert (found, (log.splitlines() or [""])[-1]) == (status, last)
    assert host.run("toy.about", "name")[1].endswith("toy.about\n")


@pytest.mark.parametrize("how", ["told", "returned"])
def test_a_job_that_succeeds_does_all_at_its_end_but_take_the_interpreter_down(
    host: Host, how: str
) -> None:
    assert host.run("toy.leaves", how)[:2] == (0, "worked\nleft")


def test_what_shows_results_loads_no_kernels_until_a_stage_needs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[str] = []
    warmed = {name for name in sys.modules if name.startswith("gradnoise.")}
    for name in ("gradnoise.figures.drawing", "gradnoise.clt.looping"):

        def warm(name: str = name) -> None:
            loaded.append(name)

        warm.__module__ = name
        module = ModuleType(name)
        monkeypatch.setattr(module, "warm", warm, raising=False)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(importlib, "import_module", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    for name in ("gradnoise.figures.drawing", "gradnoise.clt", "gradnoise.figures.drawing"):
        warmed |= load(name, warmed)
    assert loaded == ["gradnoise.figures.drawing", "gradnoise.clt.looping"]


@pytest.mark.parametrize(
    ("number", "status", "log"),
    [(signal.SIGINT, 1, "interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_signals_reach_the_job(host: Host, number: int, status: int, log: str) -> None:
    process = host.start("toy.waits")
    job = host.noted()
    until(lambda: catches(process, signal.SIGTERM))  # Python itself catches SIGINT, from its start
    process.send_signal(number)
    assert process.communicate(timeout=30)[1] == log
    assert process.returncode == status
    until(lambda: not alive(job))


def test_a_job_ends_with_its_client(host: Host) -> None:
    process = host.start("toy.waits")
    job = host.noted()
    assert alive(job)
    process.kill()
    process.communicate(timeout=30)
    until(lambda: not alive(job))


def test_a_job_stops_and_goes_on_with_its_client(host: Host) -> None:
    process = host.start("toy.waits", start_new_session=True)
    job = host.noted()

    def state(number: int | str) -> str:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")")[1].split()[0]

    until(lambda: catches(process, signal.SIGTSTP))
    process.send_signal(signal.SIGTSTP)
    until(lambda: state(job) == "T" == state(process.pid))
    process.send_signal(signal.SIGCONT)
    until(lambda: state(job) != "T")
    (host.folder / "go").touch()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_server_dies_with_snakemake_and_its_jobs_do_not(host: Host) -> None:
    process = host.start("toy.waits")
    host.noted()
    host.process.kill()
    until(lambda: not host.sockets.exists())
    assert process.poll() is None
    assert host.run("toy.about", "name")[1].splitlines()[-1].startswith("python")
    (host.folder / "go").touch()
    process.communicate(timeout=30)
    assert process.returncode == 0
    host.noted("done")


def test_changed_source_is_never_served(host: Host, tmp_path: Path) -> None:
    assert host.run("toy.ends", "0")[0] == 0
    path = tmp_path / "source/toy/ends.py"
    path.write_text(path.read_text().replace("int(how) if", "1 + int(how) if"))
    assert host.run("toy.ends", "0")[0] == 1
    # Nor what depends on it in ways that nobody looks into.
    assert host.run("toy.about", "name")[1].splitlines()[-1].startswith("python")


@pytest.mark.parametrize(
    "options",
    [
        {"OMP_NUM_THREADS": "2"},
        {"SEEN": "by another"},
        {ADDRESS: "/nowhere"},
        {ADDRESS: ""},
    ],
)
def test_a_job_in_another_environment_runs_on_its_own(host: Host, options: dict[str, str]) -> None:
    host.run("toy.about")
    environment = {**host.environment, **options}
    output = host.run("toy.about", "name", env=environment)[1].splitlines()
    assert output[-1].startswith("python")
    found = json.loads(output[0])["environment"]
    assert {name: found[name] for name in options} == options
    assert host.run("toy.about", "name")[1].endswith("toy.about\n")


def test_the_first_job_decides_on_all_but_what_python_reads_when_it_starts(host: Host) -> None:
    for name, served in (("PYTHONHASHSEED", False), ("SEEN", True)):
        environment = {**host.environment, name: "1"}
        output = host.run("toy.about", "name", env=environment)[1].splitlines()
        assert (output[-1] == "toy.about") == served
        assert json.loads(output[0])["environment"][name] == "1"


def test_a_job_in_another_folder_runs_on_its_own(host: Host, tmp_path: Path) -> None:
    output = host.run("toy.about", "name", cwd=tmp_path)[1].splitlines()
    assert output[-1].startswith("python")
    assert json.loads(output[0])["folder"] == str(tmp_path)


def test_a_module_that_cannot_be_imported_says_so_itself(host: Host) -> None:
    status, _, log = host.run("toy.broken")
    assert status == 1
    assert log.splitlines()[-1] == "ModuleNotFoundError: No module named 'no_such_module'"
    assert host.run("toy.about", "name")[1].endswith("toy.about\n")


def test_nothing_is_forked_beside_a_thread(host: Host) -> None:
    host.run("toy.about")
    assert host.run("toy.threaded") == (0, "ran\n", "")
    assert host.run("toy.about", "name")[1].splitlines()[-1].startswith("python")


def test_a_client_that_says_nothing_holds_nobody_up_for_long(host: Host) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(host.sockets / "light"))
    assert host.run("toy.about", "name")[1].endswith("toy.about\n")


def test_sockets_are_for_their_owner_alone(host: Host) -> None:
    assert stat.S_IMODE(host.sockets.stat().st_mode) == 0o700
    for kind in KINDS:
        assert stat.S_IMODE((host.sockets / kind).stat().st_mode) == 0o600


def test_a_server_that_cannot_start_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr(server.tempfile, "tempdir", str(long))
    server.start(ROOT / "src")
    assert ADDRESS not in os.environ


def test_a_snakefiles_commands_are_served(host: Host, tmp_path: Path) -> None:
    project = tmp_path / "of {its} own's"
    project.mkdir()
    source = Path(host.environment["PYTHONPATH"])
    (project / "Snakefile").write_text(f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "workflow")!r})
import server
onstart: server.start(Path({str(source)!r}))
rule about:
    output: "about"
    shell: "echo typed | python -m toy.about '{{output}}' name | cat > {{output}}"
rule fails:
    shell: "python -m toy.ends raise | cat"
rule other:
    shell: "python -c 'print(6 * 7)'"
""")

    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--keep-going"]
    environment = {key: value for key, value in host.environment.items() if key != ADDRESS}
    done = subprocess.run(
        [*command, "about", "fails", "other"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found, name = (project / "about").read_text().splitlines()
    assert name == "toy.about"
    assert json.loads(found)["arguments"] == ["about", "name"]
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Error in rule fails" in done.stderr
    assert done.stderr.count("Error in rule") == 1
    assert "42\n" in done.stdout


def test_programs_of_the_server_without_torch_do_not_import_it() -> None:
    stages = [path.parent.name for path in sorted((ROOT / "src/gradnoise").glob("*/__main__.py"))]
    assert set(TORCH) < {f"gradnoise.{name}" for name in stages}
    light = [name for name in stages if f"gradnoise.{name}" not in TORCH]
    light.remove("model")  # asked by the workflow, no stage
    program = f"import importlib, sys\nfor name in {light}:\n"
    program += "    importlib.import_module(f'gradnoise.{name}.__main__')\n"
    program += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_shows_results_imports_nothing_slow_that_studies_alone_call() -> None:
    program = "import sys\n"
    program += "".join(
        f"import gradnoise.{name}.__main__\n" for name in ("tables", "claims", "report")
    )
    program += "assert not {'scipy.stats', 'scipy.signal', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
