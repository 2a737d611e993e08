"""What every test process hands down to the notebooks that it runs, and how many processes there are."""

import os
import sys
import tempfile
from pathlib import Path

import tqdm  # noqa: F401  reads its environment on import: what follows is for the notebooks, not for the tests' own process

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

import plain

_folder = tempfile.TemporaryDirectory(prefix="bp-tests-")  # gone when the tests are
plain.adopt(plain.environment(f"{_folder.name}/settings"))
os.environ.setdefault("BP_FIGURES", f"{_folder.name}/figures")  # a test leaves figures/ alone
os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bars in outputs that are compared
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the notebooks' workers take the cores


def pytest_xdist_auto_num_workers():
    """One process more than there are processors: what a limit of time is to end only waits."""
    return (os.cpu_count() or 1) + 1
