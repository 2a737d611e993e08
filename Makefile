# make reproduce     run every notebook; NOTEBOOK=1_symmetry PARAMS="seeds=50 horizon=5000" runs one differently, into runs/
# make surveys       train what data/surveys/ lacks; ONLY=symmetry SEEDS=100 trains part of one, into runs/
# make test          prove it in some five minutes: style, unit tests, every notebook's output, submissions of every kind
# make test-all      all of it: the fixed point, all submissions, broken copies of the key lines, other processors as well
# make bench         how fast, beside PyTorch and JAX (a virtual environment of its own)
# make scale         how surveys scale: time and memory against runs, and what a million would take
# make portability   the bits on emulated ARM, the notebooks on other Pythons and BLAS kernels; ONLY=arm for one of them
# make assignments   what students get: notebooks/assignments/release, from source
# make grade         mark what students handed in, SUBMISSIONS=folder, into runs/grades: marks, feedback
# make lab           read and change the notebooks in the browser, from the overview on
# make browser-test  do so by program, in Chromium, and look at what changes; screenshots in runs/screenshots
# make site          the README, the other documents and the notebooks as web pages, to be read without installing anything
# make clean         remove what these made

PYTHON ?= python3
BIN := .venv/bin
# This folder's own code comes first, and a user's settings of Python and pip do not count.
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
export PIP_USER := 0
unexport PYTHONHOME PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONSTARTUP PYTHONWARNINGS PIP_PREFIX PIP_TARGET
# An environment that was copied from another system, or whose Python was replaced, does not run: it is made anew.
$(shell test ! -e .venv/ready || $(BIN)/python -c "import tqdm" 2>/dev/null || rm -f .venv/ready)

.PHONY: reproduce surveys test test-all bench scale portability assignments grade lab browser-test site clean

reproduce: .venv/ready
	$(BIN)/python tools/reproduce.py $(NOTEBOOK) $(PARAMS)

surveys: .venv/ready
	$(BIN)/python tools/surveys.py $(if $(ONLY),--only $(ONLY)) $(if $(SEEDS),--seeds $(SEEDS))

test test-all: .venv/ready
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m pytest -n auto --nbval tests notebooks/*.ipynb \
	  $(if $(filter test,$@),-m "not slow" --hypothesis-profile=quick,-m "not sample")

scale: .venv/ready
	$(BIN)/python tools/scale.py

portability: .venv/ready
	$(BIN)/python tools/portability.py $(if $(ONLY),--only $(ONLY))

assignments: .venv/ready
	$(BIN)/python tools/assignments.py generate

grade: .venv/ready
	$(if $(SUBMISSIONS),,$(error say which folder holds what students handed in: make grade SUBMISSIONS=folder))
	$(BIN)/python tools/assignments.py grade "$(SUBMISSIONS)"

lab: .venv/ready
	$(BIN)/python -m jupyterlab notebooks/0_overview.ipynb

browser-test: .venv/ready
	$(BIN)/python -m pytest -n auto tests/browser

site: .venv/ready
	$(BIN)/python tools/website.py

bench: .venv-bench/ready
	.venv-bench/bin/python tools/bench.py

# stale when the lock or the package's metadata is newer
%/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and 'Python 3.11 to 3.14 is needed: make PYTHON=python3.13')"
	$(PYTHON) -m venv --clear $*
	$*/bin/python -m pip install --require-hashes -r requirements.lock
	$*/bin/python tools/install.py
	$(if $(filter .venv-bench,$*),$*/bin/python -m pip install --no-build-isolation -e .[bench])
	$*/bin/python -m jupyter labextension disable --level=sys_prefix @jupyter/nbgrader  # readers need no menus for grading
	$*/bin/python -m jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements  # nor news
	touch $@

clean:
	rm -rf .venv .venv-* .reproduce .reproduce.lock .portability .site site runs .pytest_cache .ruff_cache .hypothesis *.egg-info
