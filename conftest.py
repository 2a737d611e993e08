"""What every test process hands down to the notebooks that it runs."""

import os
import tempfile

import tqdm  # noqa: F401  reads its environment on import: what follows is for the notebooks, not for the tests' own process

_figures = tempfile.TemporaryDirectory(prefix="bp-figures-")  # gone when the tests are
os.environ.setdefault("BP_FIGURES", _figures.name)  # a test leaves figures/ alone
os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bars in outputs that are compared
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the notebooks' workers take the cores
