"""Tests run side by side with other work: one thread each, unless a test sets more."""

import os
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was done to the pipeline; `make faults`, which tries the long form, keeps it."""
    import example_outcomes

    example_outcomes.report(terminalreporter, os.environ.get("GRADNOISE_FAULTS", ""))
