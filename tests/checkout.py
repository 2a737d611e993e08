"""The repository as git would see it, whoever's machine it is on: with or without .git, and without their settings."""

import os
import shutil
import subprocess
from tempfile import TemporaryDirectory

import pytest

import bp
from study.files import REPOSITORY

NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder, *arguments, **environment):
    """What git says, in a folder. A test that needs git is left out where there is none, and says so."""
    if not shutil.which("git"):
        pytest.skip("left out: it needs git, which is not installed")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=inherited | NOBODY | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def listed():
    """Paths of all files that are not ignored, from the repository's root."""
    with TemporaryDirectory() as empty:
        git(empty, "init", "-q")
        own = {"GIT_DIR": f"{empty}/.git", "GIT_WORK_TREE": str(REPOSITORY)}
        return git(REPOSITORY, "ls-files", "-oz", "--exclude-standard", **own).rstrip("\0").split("\0")


def copy_compiled(folder):
    """Give a copy of the packages what Python and Numba have compiled of them, which is valid for files of one age."""
    net = bp.layered(1, 1)
    bp.train(net, net.initial_weights(0), bp.parity(1), 1, 0.1)
    for package in "bp", "study":
        if (REPOSITORY / package / "__pycache__").exists():  # else it is in a folder for all that this user runs
            half_written = shutil.ignore_patterns("*.tmp.*", "*.pyc.*")  # by other processes
            shutil.copytree(REPOSITORY / package / "__pycache__", folder / package / "__pycache__", ignore=half_written)
