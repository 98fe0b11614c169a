"""Gradnoise: what is the noise of SGD, and what does it do to training?

Import the modules by name (`from gradnoise.gaussianity import shapiro_wilk`). Nothing is re-exported
here on purpose: an import in this file would make every stage of the pipeline depend on every module.
"""

import os
import sys
import time

if sys.argv[:1] == ["-m"] and "--settings" in sys.orig_argv and not sys.stderr.isatty():
    # A job's log begins before anything heavy is imported: a job that is killed meanwhile has told what it was,
    # where, and since when. Schedulers' logs are shown beside one that is not empty.
    print(
        f"{time.strftime('%H:%M:%S')} INFO {sys.orig_argv[sys.orig_argv.index('-m') + 1]} on "
        f"{os.uname().nodename if hasattr(os, 'uname') else 'this machine'}, pid {os.getpid()}",
        file=sys.stderr,
        flush=True,
    )
