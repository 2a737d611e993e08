"""The same numbers elsewhere: on emulated 64-bit ARM, on the other Pythons of this machine, by other BLAS kernels.

python tools/portability.py                all of it
python tools/portability.py --only arm     or a part: arm, pythons, kernels

Exit status 1 means that something differs.
"""

import argparse

import plain  # noqa: F401  the code of this repository comes first

from study.portability import PARTS, outcomes


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", choices=PARTS, help="a part of it")
    only = arguments.parse_args().only
    found = outcomes([only] if only else PARTS)
    print("\n".join(f"{name:24} {said}" for name, said in found.items()))
    raise SystemExit(any(said.startswith("DIFFERS") for said in found.values()))


if __name__ == "__main__":
    main()
