# make run     from a fresh clone to results/report.html
# make resume  the same after a kill or a crash: nothing finished is computed again
# make prune   list results that the config no longer asks for
# make test    every check: linters, types, tests, a fresh-clone run
# make install the Python environment alone, in .venv

PYTHON ?= python3
BIN = .venv/bin

.PHONY: install run resume prune test cluster-test faults lint quick-test zoo mutants benchmark lock clean

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m gradnoise.warm
	touch $@

run: install
	$(BIN)/snakemake --cores all --workflow-profile workflow/profiles/local

# After a kill or a crash: make resume [CONFIGFILE=mine.yaml]
resume: install
	$(BIN)/python workflow/resume.py --cores all --workflow-profile workflow/profiles/local $(if $(CONFIGFILE),--configfile $(CONFIGFILE))

# List results that the config no longer asks for: make prune [CONFIGFILE=mine.yaml]. Remove them: REMOVE=yes
prune: install
	$(BIN)/python workflow/prune.py $(if $(CONFIGFILE),--configfile $(CONFIGFILE)) $(if $(filter yes,$(REMOVE)),--remove)

# What is timed runs alone, all else beside each other.
test: .venv/installed-test lint
	$(BIN)/python -m pytest -n auto -m "not alone and not cluster"
	$(BIN)/python -m pytest -m alone
	$(BIN)/python tests/mutants/run.py --sample

# The workflow through a Slurm that is started for it and ended again; skipped where none is installed.
cluster-test: .venv/installed-test
	$(BIN)/python -m pytest -m cluster tests/cluster

.venv/installed-test: .venv/installed requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.lock
	touch $@

lint: .venv/installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/python tests/workflow/lint_workflow.py

quick-test: .venv/installed-test
	$(BIN)/python -m pytest -n auto -m "not slow and not cluster"

# Random models against plain autograd in float64, ten times as many as in the tests.
zoo: .venv/installed-test
	GRADNOISE_ZOO=3000 $(BIN)/python -m pytest tests/gradients/test_zoo.py

# Kills, crashes, damaged files, full disks: all there is to try (the tests try some), and docs/reliability.md of it.
faults: .venv/installed-test
	GRADNOISE_FAULTS=long $(BIN)/python -m pytest tests/faults
	$(BIN)/python workflow/pages.py

# Deliberate errors, one at a time: does a test notice? A fixed sample of them is part of `make test`.
mutants: .venv/installed-test
	$(BIN)/python tests/mutants/run.py

benchmark: install
	for file in $(filter-out benchmarks/make_%, $(wildcard benchmarks/*.py)); do $(BIN)/python $$file || exit 1; done

# Pin what is installed. CUDA's libraries are left to torch, which pins them itself, so that the lock serves
# every platform.
lock: .venv/installed-test
	$(BIN)/python workflow/lock.py

clean:
	rm -rf .venv .snakemake results logs
