"""What every test process hands down to the notebooks that it runs, and which tests go together."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import hypothesis
import pytest
import tqdm  # noqa: F401  reads its environment on import: what follows is for the notebooks, not for the tests' own process

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

import plain

from xdist.scheduler import LoadScopeScheduling

_folder = tempfile.TemporaryDirectory(prefix="bp-tests-")  # gone when the tests are
plain.adopt(plain.environment(f"{_folder.name}/settings"))
os.environ.setdefault("BP_FIGURES", f"{_folder.name}/figures")  # a test leaves figures/ alone
os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bars in outputs that are compared
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the notebooks' workers take the cores


hypothesis.settings.register_profile("quick", max_examples=25)  # of `make test`
hypothesis.settings.register_profile("whole", max_examples=100)
hypothesis.settings.load_profile("whole")

TOGETHER = {  # what tests share that takes minutes to make: how their names begin -> the group, which one process runs
    "tests/test_website.py": "site",
    "tests/test_reproduce.py": "clone",
    "tests/test_mutations.py": "mutants",
    "tests/test_assignments.py::test_an_unruly_submission": "unruly",
    "tests/test_assignments.py::test_what_cannot_be_marked": "unruly",
    "tests/test_assignments.py::test_no_answer_is_lost": "written",
    "tests/test_survey.py::test_a_dask_cluster": "dask",  # its schedulers listen to one port
    "tests/test_survey.py::test_a_killed_dask_worker": "dask",
    "tests/browser/test_pages.py": "pages",
    "tests/browser/test_student.py": "student",
}


def group(nodeid):
    return next((group for name, group in TOGETHER.items() if nodeid.startswith(name)), None)


class Groups(LoadScopeScheduling):
    """Sends the tests of a group, and the cells of a notebook, to one process."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return group(nodeid) or (file if file.endswith(".ipynb") else nodeid)


@pytest.hookimpl(tryfirst=True)  # before some are left out
def pytest_collection_modifyitems(items):
    git = shutil.which("git")
    for item in items:
        if group(item.nodeid):
            item.add_marker("slow")
        # test_reproducing_is_a_fixed_point, which needs git, runs all notebooks and compares what they print, on the
        # reference platform every byte. With nbval, test-all runs the shortest notebook only, to see that nbval works.
        if item.nodeid.startswith("notebooks/") and "0_overview" not in item.nodeid and git:
            item.add_marker("sample")


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers():
    """One more than there are cores, for tests also wait; or as many as the variable says that xdist reads."""
    cores = yield
    return cores if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else cores + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Marks for groups, `--dist loadgroup`, are without effect in pytest 9.2 with pytest-xdist 3.8."""
    return Groups(config, log)
