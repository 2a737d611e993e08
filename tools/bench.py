"""Print, as Markdown, how fast `bp.train` is: `python tools/bench.py`, or with `--quick` in half a minute."""

import argparse

import plain  # noqa: F401  the code of this repository comes first

from threadpoolctl import threadpool_limits

from study import benchmark

if __name__ == "__main__":
    form, said = argparse.RawDescriptionHelpFormatter, f"{__doc__}\n{benchmark.__doc__}"
    arguments = argparse.ArgumentParser(description=said, formatter_class=form)
    arguments.add_argument("--quick", action="store_true", help="only see that it works, in half a minute")
    arguments.add_argument("--only", choices=benchmark.PROBLEMS, help="only this net")
    asked = arguments.parse_args()
    with threadpool_limits(1):
        benchmark.report(asked.quick, asked.only)
