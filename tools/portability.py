"""python tools/portability.py                all of it
python tools/portability.py --only arm     or a part: arm, pythons, kernels

Exit status 1 means that something differs.
"""

import argparse

import plain  # noqa: F401  the code of this repository comes first

from study import portability


def main():
    form, said = argparse.RawDescriptionHelpFormatter, f"{portability.__doc__}\n{__doc__}"
    arguments = argparse.ArgumentParser(description=said, formatter_class=form)
    arguments.add_argument("--only", choices=portability.PARTS, help="a part of it")
    only = arguments.parse_args().only
    found = portability.outcomes([only] if only else portability.PARTS)
    print("\n".join(f"{name:24} {said}" for name, said in found.items()))
    raise SystemExit(any(said.startswith("DIFFERS") for said in found.values()))


if __name__ == "__main__":
    main()
