"""Run the notebooks, and put what they made in its place: notebooks/, figures/, README.md and CLAIMS.md.

python tools/reproduce.py                        all of them, as published
python tools/reproduce.py 1_symmetry seeds=50    one with other parameters, into runs/, which git does not track
"""

import argparse

import plain

from study import documents, reproduction


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("notebook", nargs="?", help="one notebook, by name; default: all")
    arguments.add_argument("parameters", nargs="*", metavar="name=value", help="parameters of that notebook")
    asked = arguments.parse_args()
    all_notebooks = documents.notebooks()
    if asked.notebook and asked.notebook not in all_notebooks:
        raise SystemExit(f"there is no notebook {asked.notebook!r}; expected one of {', '.join(all_notebooks)}")
    chosen = {name: path for name, path in all_notebooks.items() if asked.notebook in (None, name)}
    given = reproduction.parameters(chosen[asked.notebook], asked.parameters) if asked.parameters else {}

    # The kernels inherit this. Nothing here is affected: NumPy and tqdm have read their environment on import.
    environment = plain.environment(reproduction.WORK / "settings") | reproduction.reference()
    plain.adopt(
        environment
        | {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "TQDM_DISABLE": "1"}
        | {"BP_FIGURES": str(reproduction.WORK / "figures")}
    )
    with reproduction.alone():
        reproduction.reproduce(chosen, given)


if __name__ == "__main__":
    main()
