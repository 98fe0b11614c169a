"""Tests run side by side with other work: one thread each, unless a test sets more."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
