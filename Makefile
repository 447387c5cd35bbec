# Everything from a fresh machine with Python 3.10 or later and make:
#   make demo    train, convert and run a digit classifier
#   make test    all tests, in the core environment and in the NengoDL one
#                    (DL_TESTS= chooses among those in the latter)
#   make lint docs   what a change must pass besides: ruff, mypy, Sphinx; warnings are errors
#   make test-oldest     the tests, with the oldest versions that are supported together
#                        (OLDEST_TESTS= chooses among them)
#   make ci          all of these side by side on two cores; with the oldest versions, and in the
#                    NengoDL environment, a part of the tests
#   make test-packages   wheel and sdist, in bare environments of every Python found
#   make coverage    the tests again, and the lines and refusals that they do not reach
#   make test-lava       networks exported for Loihi 2, spike by spike in Lava (Python 3.10)
#   make test-brian      the same networks in brian2-loihi, which was written from a board
#   make export-results LETTER=letter.npz   both, readers of NIR too, and the figures kept
#   make test-tf-keras   the tests of training, with NengoDL on a current TensorFlow
# Environments are made in .venv and .venv-dl when they are first needed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: tables help ci environments coverage demo test test-core test-models test-rest test-dl test-oldest test-tf-keras test-lava test-brian export-results test-slow test-packages docs lint clean

# The first interpreter that really runs, and is no older than 3.10: a name on PATH can be a stub.
MODERN := import sys; sys.exit(sys.version_info < (3, 10))
first_of = $(shell for p in $(1); do $$p -c '$(MODERN)' 2>/dev/null && { echo $$p; break; }; done)
PYTHON ?= $(call first_of,python3.11 python3.12 python3.10 python3.13 python3)
# TensorFlow < 2.13, which NengoDL needs, exists for these only.
PYTHON_DL ?= $(call first_of,python3.11 python3.10)
# lava-dl pins packages that exist for this one only.
PYTHON_LAVA ?= $(call first_of,python3.10)
# Brian 2.6 has releases for these.
PYTHON_BRIAN ?= $(call first_of,python3.11 python3.12 python3.10)
PYTHON_READERS ?= $(call first_of,python3.11 python3.12 python3.10)
PYTHON_TF_KERAS ?= $(call first_of,python3.13 python3.12)

# The NumPy whose types mypy reads exists for these only.
PYTHON_LINT ?= $(call first_of,python3.11 python3.12 python3.13)
# The versions in tests/oldest.txt exist for these only.
PYTHON_OLDEST ?= $(call first_of,python3.11 python3.10)

CORE := .venv/bin
DL := .venv-dl/bin
LINT := .venv-lint/bin
OLDEST := .venv-oldest/bin
TF_KERAS := .venv-tf-keras/bin
LAVA := .venv-lava/bin
BRIAN := .venv-brian/bin
READERS := .venv-readers/bin
META := setup.cfg pyproject.toml
# setuptools says of every editable installation that folders here may be found first. Of modules
# those that are imported are compiled then; all of them take pip minutes.
PIP = PYTHONWARNINGS="ignore:Editable installation" $(1)/python -m pip --quiet
INSTALL = $(PIP) install --no-compile
# pip says nothing for minutes: what it does is said before.
installing = @echo "Installing $(1), $(2)."
OLDEST_TESTS ?= tests
DL_TESTS ?= tests
# What begins with a trained model takes about as long as all else.
MODEL_TESTS := $(addprefix tests/,conversion evaluation importers training)
# Tests start Python many times, and two environments read the same sources: what is compiled stays.
export PYTHONDONTWRITEBYTECODE :=

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

.venv/demo: $(META)
	$(if $(PYTHON),,$(error No Python 3.10 or later is on PATH. Name one: make PYTHON=/path/to/python))
	$(call installing,the package and its demo into .venv,a minute or two)
	$(PYTHON) -m venv .venv
	$(call INSTALL,$(CORE)) --upgrade pip
	$(call INSTALL,$(CORE)) --editable ".[demo]"
	touch $@

# Tests want every framework whose models can be read. torch 2.13.0 is named exactly so that a
# CPU build that the machine may have is found; without it the torch tests say that they skip.
.venv/tests: .venv/demo
	$(call installing,what the tests need into .venv,some minutes)
	$(call INSTALL,$(CORE)) --editable ".[tests,keras,onnx,nir]" dask distributed
	$(call INSTALL,$(CORE)) torch==2.13.0 || echo "no torch: its tests are skipped"
	touch $@

.venv/dev: .venv/tests
	$(call installing,what the documentation needs into .venv,half a minute)
	$(call INSTALL,$(CORE)) --editable ".[dev]"
	touch $@

# nengo-dl builds from source and asks for "tensorflow" by name; pip finds both.
.venv-dl/tests: $(META)
	$(call installing,TensorFlow and NengoDL into .venv-dl,some minutes)
	$(PYTHON_DL) -m venv .venv-dl
	$(call INSTALL,$(DL)) --upgrade pip
	$(call INSTALL,$(DL)) --editable ".[tests,dl]"
	touch $@

# What nengo-dl names as its build environment does not run on Python 3.12 and later; the last
# setuptools with pkg_resources builds it, outside pip's isolation.
.venv-tf-keras/tests: $(META)
	$(call installing,a current TensorFlow and NengoDL into .venv-tf-keras,some minutes)
	$(PYTHON_TF_KERAS) -m venv .venv-tf-keras
	$(call INSTALL,$(TF_KERAS)) --upgrade pip "setuptools>=70.1,<81"
	$(call INSTALL,$(TF_KERAS)) --no-build-isolation --editable ".[tests,tf-keras]"
	touch $@

.venv-lint/ready: pyproject.toml
	$(call installing,ruff and mypy into .venv-lint,half a minute)
	$(PYTHON_LINT) -m venv .venv-lint
	$(call INSTALL,$(LINT)) --upgrade pip
	$(call INSTALL,$(LINT)) --group lint
	touch $@

.venv-oldest/tests: $(META) tests/oldest.txt
	$(call installing,the oldest supported versions into .venv-oldest,a minute or two)
	$(PYTHON_OLDEST) -m venv .venv-oldest
	$(call INSTALL,$(OLDEST)) --upgrade pip
	$(call INSTALL,$(OLDEST)) --constraint tests/oldest.txt --editable ".[tests]"
	touch $@

# lava-dl's own requirements are of its training; its reader imports torch and torchvision all the
# same. A plain torchvision would replace torch, hence --no-deps.
.venv-lava/tests: Makefile
	$(call installing,Lava into .venv-lava,some minutes)
	$(PYTHON_LAVA) -m venv .venv-lava
	$(call INSTALL,$(LAVA)) --upgrade pip
	$(call INSTALL,$(LAVA)) lava-nc==0.10.0 h5py matplotlib \
		opencv-python-headless pillow torch==2.13.0
	$(call INSTALL,$(LAVA)) --no-deps torchvision==0.28.0 lava-dl==0.6.0
	touch $@

# brian2-loihi 0.5.2 is of 2021: it uses what later versions of Brian and NumPy dropped.
.venv-brian/tests: Makefile
	$(call installing,Brian into .venv-brian,a minute or two)
	$(PYTHON_BRIAN) -m venv .venv-brian
	$(call INSTALL,$(BRIAN)) brian2-loihi==0.5.2 brian2==2.6.0 "numpy<2" \
		"setuptools<80" h5py
	touch $@

.venv-readers/tests: Makefile
	$(call installing,readers of NIR into .venv-readers,some minutes)
	$(PYTHON_READERS) -m venv .venv-readers
	$(call INSTALL,$(READERS)) torch==2.13.0 "numpy<2.3" nirtorch==2.0.2 \
		snntorch==1.0.0 sinabs==3.1.3 norse==1.1.0 rockpool==3.1.0 xylosim==0.1.3
	# samna on PyPI is a shell that fetches a driver of boards from elsewhere when it is imported
	$(call PIP,$(READERS)) uninstall --yes samna
	touch $@

demo: .venv/demo
	$(CORE)/nengo-dense demo
	@echo "The command is $(CORE)/nengo-dense; $(CORE)/nengo-dense --help shows what it can do."

# In two steps: pip writes into this folder whenever it installs from it, so every environment is
# made before anything runs. What is printed can go to a file; each target's lines stay together.
# The core environment tests all; tests/dl.txt says what the NengoDL environment has a part in.
ci:
	$(MAKE) environments
	$(MAKE) --jobs=2 --output-sync=target OLDEST_TESTS="tests/layers tests/loihi" \
		DL_TESTS="$(shell grep ^tests/ tests/dl.txt)" lint test docs test-oldest
	@echo "Passed. Not run, for want of a Python: $(or $(strip $(MISSING)),nothing)"

environments: .venv/dev $(if $(PYTHON_LINT),.venv-lint/ready) $(if $(PYTHON_DL),.venv-dl/tests) \
		$(if $(PYTHON_OLDEST),.venv-oldest/tests)

MISSING = $(if $(PYTHON_LINT),,lint) $(if $(PYTHON_DL),,test-dl) $(if $(PYTHON_OLDEST),,test-oldest)

test: test-core test-dl

# In two parts, which `make ci` runs side by side
test-core: test-models test-rest

PYTEST_CORE = KERAS_BACKEND=$$($(CORE)/python -c 'import torch' 2>/dev/null && echo torch || echo numpy) \
	$(CORE)/python -m pytest -m "not slow"

test-models: .venv/tests
	$(PYTEST_CORE) $(MODEL_TESTS)

test-rest: .venv/tests
	$(PYTEST_CORE) nengo_dense --ignore nengo_dense/training tests docs \
		$(addprefix --ignore=,$(MODEL_TESTS))

ifeq ($(PYTHON_DL),)
test-dl:
	@echo "skipped: NengoDL needs Python 3.10 or 3.11 (TensorFlow < 2.13), and neither is here"
else
test-dl: .venv-dl/tests
	$(DL)/python -m pytest -m "not slow" nengo_dense/training $(DL_TESTS)
endif

ifeq ($(PYTHON_OLDEST),)
test-oldest:
	@echo "skipped: NumPy 1.26 exists for Python 3.10 and 3.11, and neither is here"
else
test-oldest: .venv-oldest/tests
	$(OLDEST)/python -m pytest -m "not slow" $(OLDEST_TESTS)
endif

test-tf-keras: .venv-tf-keras/tests
	$(TF_KERAS)/python -m pytest --tf-keras -m "not slow" \
		nengo_dense/training tests/training tests/layers tests/test_compat.py

ifeq ($(PYTHON_LAVA),)
test-lava:
	@echo "skipped: lava-dl needs Python 3.10, which is not here"
else
test-lava: .venv/demo .venv-lava/tests
	$(CORE)/python benchmarks/export.py --lava .venv-lava
endif

test-brian: .venv/demo .venv-brian/tests
	$(CORE)/python benchmarks/export.py --brian .venv-brian

# LETTER names the letter data, arrays X and y, which are no part of the project.
export-results: .venv/tests .venv-lava/tests .venv-brian/tests .venv-readers/tests
	$(CORE)/python benchmarks/export.py --lava .venv-lava --brian .venv-brian \
		--readers .venv-readers $(if $(LETTER),--letter $(LETTER)) \
		--json benchmarks/results/export.json
	$(CORE)/python benchmarks/tables.py

test-slow: .venv/tests
	KERAS_BACKEND=torch $(CORE)/python -m pytest -m slow --slow tests

test-packages:
	$(PYTHON) tests/packages/bare_environments.py

docs: .venv/dev
	$(CORE)/sphinx-build --jobs auto --fail-on-warning --keep-going -b html docs docs/_build/html

# The tables of README and documentation, from benchmarks/results
tables: .venv/dev
	$(CORE)/python benchmarks/tables.py

# In both environments, put together: the lines that no test reaches, and the refusals among them.
coverage: .venv/dev $(if $(PYTHON_DL),.venv-dl/tests)
	rm -f .coverage .coverage.*
	COVERAGE_FILE=.coverage.core KERAS_BACKEND=torch $(CORE)/coverage run -m pytest \
		-m "not slow" nengo_dense --ignore nengo_dense/training tests docs
	$(if $(PYTHON_DL),COVERAGE_FILE=.coverage.dl $(DL)/coverage run -m pytest \
		-m "not slow" nengo_dense/training tests/training,@echo "training: not run")
	$(CORE)/coverage combine
	$(CORE)/coverage report
	$(CORE)/python tests/unreached_raises.py

ifeq ($(PYTHON_LINT),)
lint:
	@echo "skipped: the NumPy whose types mypy reads is for Python 3.11 to 3.13, and none is here"
else
lint: .venv-lint/ready
	$(LINT)/ruff check .
	$(LINT)/ruff format --check .
	$(LINT)/mypy
endif

clean:
	rm -rf .venv .venv-dl .venv-lint .venv-oldest .venv-tf-keras .venv-lava .venv-brian .venv-readers docs/_build docs/api/generated docs/gallery docs/pictures/drawn docs/results docs/rules build dist *.egg-info
