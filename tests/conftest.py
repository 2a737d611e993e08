"""How `make test` spreads the tests over processes."""

import os


def pytest_xdist_auto_num_workers():
    """One process more than there are processors: what is to be ended by a limit of time only waits."""
    return (os.cpu_count() or 1) + 1
