"""`make reproduce` with parameters, with mistakes, and again: the fixed point."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tools"))

import reproduce  # noqa: E402


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clean clone of the working tree, committed as it stands."""
    folder = tmp_path_factory.mktemp("clone") / "repository"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "as it stands")
    return folder


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def run(folder, *arguments):
    # BP_FIGURES and the like are for reproduce.py to set; the clone's `bp` goes before the installed one
    environment = {k: v for k, v in os.environ.items() if k not in ("BP_FIGURES", "TQDM_DISABLE")} | {
        "PYTHONPATH": str(folder)
    }
    return subprocess.run(
        [sys.executable, "tools/reproduce.py", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def text_of(folder):
    """All that the notebooks print, and the README."""
    found = {"README": (folder / "README.md").read_text(encoding="utf-8")}
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for number, output in enumerate(cell.get("outputs", [])):
                data = {k: v for k, v in output.get("data", {}).items() if k not in ("image/png", "image/svg+xml")}
                found[path.stem, cell.id, number] = output.get("text"), data
    return found


def made_by_notebooks(folder):
    paths = [folder / "README.md", *(folder / "notebooks").glob("*.ipynb"), *(folder / "figures").iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def test_unknown_notebooks_and_parameters_are_refused_by_name(clone):
    refused = run(clone, "9_nothing")
    assert refused.returncode == 1 and "no notebook '9_nothing'; expected one of 0_overview" in refused.stderr
    refused = run(clone, "1_symmetry", "seed=50")
    assert refused.returncode == 1 and "has no parameter 'seed=50'; expected name=value with one of" in refused.stderr
    assert "seeds: int = 10_000  # how many runs" in refused.stderr
    assert git(clone, "status", "--short") == ""


def test_other_parameters_go_into_an_untracked_folder(clone):
    done = run(clone, "1_symmetry", "seeds=20", "horizon=5000")
    assert done.returncode == 0, done.stderr
    assert git(clone, "status", "--short") == ""
    notebook = nbformat.read(clone / "runs" / "notebooks" / "1_symmetry.ipynb", as_version=4)
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "of 20 runs" in printed
    assert (clone / "runs" / "figures" / "1_symmetry.png").exists()


def test_a_notebook_that_fails_is_named_and_changes_nothing(clone):
    path = clone / "notebooks" / "0_broken.ipynb"
    cells = [nbformat.v4.new_code_cell("here = 1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    try:
        done = run(clone, "0_broken")
        assert done.returncode == 1 and "0_broken failed" in done.stderr and "ZeroDivisionError" in done.stderr
        assert nbformat.read(path, as_version=4).cells[0].execution_count is None
    finally:
        path.unlink()
    assert git(clone, "status", "--short") == ""


def test_reproducing_is_a_fixed_point(clone, capsys):
    """Byte for byte on the reference platform; elsewhere the text agrees, and a second time changes nothing."""
    other = reproduce.other_platform()
    which = f"text and a second run, since {other}" if other else "bytes, on the reference platform"
    with capsys.disabled():
        print(f"\nfixed point: checking {which}")
    before = text_of(clone)
    done = run(clone)
    assert done.returncode == 0, done.stderr
    assert text_of(clone) == before
    if other is None:
        assert git(clone, "status", "--short") == ""
        return
    first = made_by_notebooks(clone)
    assert run(clone).returncode == 0
    assert made_by_notebooks(clone) == first
