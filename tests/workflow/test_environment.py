"""The command that makes the results again."""

import shlex
from pathlib import Path

import environment


def test_the_command_can_be_typed_whatever_the_files_are_called() -> None:
    files = [Path("config.yaml"), Path("my runs/a & b's.yaml").absolute()]
    command = shlex.split(environment.command(files))
    assert command == ["snakemake", "--cores", "all", "--configfile", "my runs/a & b's.yaml"]
    assert environment.command(files[:1]) == "snakemake --cores all"
