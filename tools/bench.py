"""How fast `bp.train` is, beside PyTorch, JAX, and what this core could do at most. Prints Markdown."""

import argparse

import plain  # noqa: F401  the code of this repository comes first

from threadpoolctl import threadpool_limits

from study.benchmark import PROBLEMS, report

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="only see that it works, in half a minute")
    arguments.add_argument("--only", choices=PROBLEMS, help="only this net")
    asked = arguments.parse_args()
    with threadpool_limits(1):
        report(asked.quick, asked.only)
