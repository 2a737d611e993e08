"""Where the repository is."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def data(name):
    """The path of a file in `data/`."""
    return REPOSITORY / "data" / name
