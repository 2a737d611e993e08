"""Runs tests in forks of this process, so that what takes long is loaded, or compiled, once.

python tests/forks.py [kernel]    for each line of its input, "NUMBER TEST ...", it runs these tests, and says how that
                                  ended. With `kernel`, bp's kernel is compiled first, and mutant NUMBER of it selected.
"""

import os
import signal
import sys

import autograd.numpy  # noqa: F401  what the tests import, other than bp and study
import dask  # noqa: F401
import hypothesis.extra.numpy
import joblib  # noqa: F401
import numba  # noqa: F401
import pandas  # noqa: F401
import pytest
import scipy.optimize  # noqa: F401
import tqdm  # noqa: F401

LONGEST = 600  # seconds, after which a test has caught nothing

hypothesis.settings.register_profile(
    "mutants",
    max_examples=100,
    phases=["explicit", "generate"],  # no time for the smallest example
    deadline=None,  # a test that is slow has caught nothing either
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("mutants")


def main(compiled):
    if compiled:
        import bp

        net = bp.layered(1, 1)
        bp.train(net, net.initial_weights(0), bp.parity(1), 1, 0.1)
    for line in sys.stdin:
        mutant, *tests = line.split()
        child = os.fork()
        if child == 0:
            signal.alarm(LONGEST)
            import bp

            print(bp.__file__, flush=True)
            if compiled:
                bp.kernel.MUTANT.value = int(mutant)
            sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
        _, status = os.waitpid(child, 0)
        print("\nended", os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(compiled=sys.argv[1:] == ["kernel"])
