"""Whoever runs a compiled kernel gets the same bits, whether it was compiled now or before."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import example_kernels
import gradnoise


def said(cache: Path) -> Any:
    """What a new process says of every exercise, with its compiled code kept in a folder."""
    paths = [str(Path(module.__file__).parent) for module in (example_kernels, gradnoise)]
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(cache),
        "PYTHONPATH": os.pathsep.join([paths[0], str(Path(paths[1]).parent)]),
    }
    command = [sys.executable, example_kernels.__file__]
    return json.loads(subprocess.check_output(command, env=environment, text=True))


@pytest.mark.slow
def test_a_process_that_compiles_and_one_that_loads_say_the_same_to_the_bit(tmp_path: Path) -> None:
    compiled, loaded = said(tmp_path), said(tmp_path)
    assert compiled["idle"] == []  # a new kernel needs an exercise
    assert compiled["digests"] == loaded["digests"]


def test_sums_in_free_order_are_inlined_where_another_kernel_calls_them() -> None:
    for name, caller in example_kernels.dispatchers().items():
        code, known = caller.py_func.__code__, caller.py_func.__globals__
        for used in code.co_names:
            options = getattr(known.get(used), "targetoptions", {})
            if options.get("fastmath"):
                assert options.get("forceinline"), f"{name} calls {used}, which is not inlined"
