"""The compiled kernel as an installation has it: where nothing can be kept on disk, and while it is compiled."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # each compiles the kernel

TRAIN = """
import bp
net = bp.layered(2, 2, 1)
print(bp.train(net, net.initial_weights([0]), bp.parity(2), 10, 0.5).error.shape)
"""
NO_FOLDER = """
import numba.core.caching
numba.core.caching.CompileResultCacheImpl._locator_classes = []  # neither beside the source nor in the user's cache
"""


def run(program, **environment):
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)


def test_a_read_only_installation_works_and_says_that_it_compiles():
    done = run(NO_FOLDER + TRAIN, PYTHONPATH=":".join(sys.path))
    assert done.stdout == "(11, 1)\n", done.stderr
    assert done.stderr == "bp compiles its kernel: some ten seconds, once in an installation\n"


def test_what_is_compiled_is_kept(tmp_path):
    """The second process has nothing to say, however slow the machine: it compiles nothing."""
    environment = {"PYTHONPATH": ":".join(sys.path), "NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = run(TRAIN, **environment), run(TRAIN + "print(bp.kernel.train.stats.cache_misses)", **environment)
    assert first.stdout == "(11, 1)\n", first.stderr
    assert second.stdout == "(11, 1)\nCounter()\n", second.stderr


def test_where_progress_is_not_wanted_nothing_is_said(tmp_path):
    done = run(TRAIN, PYTHONPATH=":".join(sys.path), NUMBA_CACHE_DIR=str(tmp_path), TQDM_DISABLE="1")
    assert (done.stdout, done.stderr) == ("(11, 1)\n", "")
