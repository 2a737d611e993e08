"""`make reproduce` with parameters, with mistakes, and again: the fixed point."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import nbformat
import pytest
from checkout import copy_compiled, git, listed

from study import documents, reproduction
from study.files import REPOSITORY


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clean clone of the working tree, committed as it stands."""
    folder = tmp_path_factory.mktemp("clone") / "repository"
    for name in listed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, *AS_SOMEBODY, "commit", "-qm", "as it stands")
    copy_compiled(folder)
    return folder


AS_SOMEBODY = ("-c", "user.name=test", "-c", "user.email=test@example.org")


def run(folder, *arguments, **settings):
    # BP_FIGURES and the like are for reproduce.py to set; the clone's `bp` goes before the installed one
    environment = {k: v for k, v in os.environ.items() if k not in ("BP_FIGURES", "TQDM_DISABLE")} | {
        "PYTHONPATH": str(folder)
    }
    command = [sys.executable, "tools/reproduce.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment | settings, capture_output=True, text=True)


def text_of(folder):
    """All that the notebooks print, and what is made of it."""
    found = {name: (folder / name).read_text(encoding="utf-8") for name in ("README.md", "CLAIMS.md")}
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for number, output in enumerate(cell.get("outputs", [])):
                data = {k: v for k, v in output.get("data", {}).items() if k not in ("image/png", "image/svg+xml")}
                found[path.stem, cell.id, number] = output.get("text"), data
    return found


def made_by_notebooks(folder):
    paths = [
        folder / "README.md",
        folder / "CLAIMS.md",
        *(folder / "notebooks").glob("*.ipynb"),
        *(folder / "figures").iterdir(),
    ]
    return {path.name: path.read_bytes() for path in paths}


def test_unknown_notebooks_and_parameters_are_refused_by_name(clone):
    refused = run(clone, "9_nothing")
    assert refused.returncode == 1 and "no notebook '9_nothing'; expected one of 0_overview" in refused.stderr
    refused = run(clone, "1_symmetry", "seed=50")
    assert refused.returncode == 1 and "has no parameter 'seed=50'; expected name=value with one of" in refused.stderr
    assert "seeds: int = 10_000  # how many runs" in refused.stderr
    refused = run(clone, "1_symmetry", "seeds=1.5")
    assert refused.returncode == 1 and "seeds is '1.5'; expected int, such as 10_000" in refused.stderr
    assert git(clone, "status", "--short") == ""


def test_parameters_are_read_as_what_they_are():
    """And not by the rules of YAML, to which 1e-1 is a word, 010 is 8, 1:30 is 90, and no is False."""
    given = ["epsilon=1e-1", "alpha=0", "limit=.3", "seeds=10_000"]
    chosen = reproduction.parameters(documents.notebooks()["1_symmetry"], given)
    assert repr(chosen) == repr({"epsilon": 0.1, "alpha": 0.0, "limit": 0.3, "seeds": 10_000})
    for text, number in {"1e3": 1000, "010": 10, "-2": -2}.items():
        assert reproduction.parameters(documents.notebooks()["1_symmetry"], [f"seeds={text}"]) == {"seeds": number}
    for text in ("1:30", "0x10", "1e-1", "nan", "inf", "", "ten"):
        with pytest.raises(SystemExit, match=f"seeds is '{text}'; expected int, such as 10_000"):
            reproduction.parameters(documents.notebooks()["1_symmetry"], [f"seeds={text}"])
    chosen = reproduction.parameters(documents.notebooks()["0_overview"], ["person=no", "relationship=12=3"])
    assert chosen == {"person": "no", "relationship": "12=3"}


PRINTS_SETTINGS = """
import matplotlib.pyplot
print(matplotlib.rcParams["axes.grid"], matplotlib.rcParams["font.size"], matplotlib.get_backend(), __debug__)
"""


def test_a_users_settings_do_not_count_nor_does_a_home_that_cannot_be_written(clone, tmp_path):
    """Of Matplotlib, IPython, Jupyter and Python: here each would be seen in what a notebook prints."""
    (tmp_path / "matplotlibrc").write_text("axes.grid: True\nfont.size: 14\n")
    (tmp_path / "profile_default" / "startup").mkdir(parents=True)
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text('{"argv": ["false"], "language": "python"}')
    for name in ("startup.py", "profile_default/startup/mine.py"):
        (tmp_path / name).write_text("raise SystemExit('mine')")
    folders = ("MATPLOTLIBRC", "IPYTHONDIR", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")
    own = dict.fromkeys(folders, str(tmp_path)) | {"MPLBACKEND": "svg", "PYTHONSTARTUP": str(tmp_path / "startup.py")}
    own |= {"HOME": str(tmp_path / "matplotlibrc"), "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "PYTHONOPTIMIZE": "1"}
    path = clone / "notebooks" / "0_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PRINTS_SETTINGS)]), path)
    try:
        done = run(clone, "0_small", **own)
        assert done.returncode == 0, done.stderr
        (cell,) = nbformat.read(path, as_version=4).cells
    finally:
        path.unlink()
    printed = "".join(output.text for output in cell.outputs)
    assert printed == "False 10.0 module://matplotlib_inline.backend_inline True\n"
    assert git(clone, "status", "--short") == ""


SLOW = """
import os, pathlib, time
pathlib.Path(os.environ["BP_FIGURES"]).with_name("kernel").write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture
def slow(clone):
    """A function that begins to reproduce a notebook of ten minutes: the process, and that of the kernel."""
    path = clone / "notebooks" / "0_slow.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SLOW)]), path)

    def begin():
        written = clone / ".reproduce" / "kernel"
        written.unlink(missing_ok=True)
        command = [sys.executable, "tools/reproduce.py", "0_slow"]
        started = {"cwd": clone, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
        # a shell lets what it runs in the background ignore Ctrl-C, and so would this
        process = subprocess.Popen(command, **started, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        while not (written.exists() and written.read_text()):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        return process, int(written.read_text())

    yield begin
    path.unlink()


def gone(pid):
    """Whether a process ends, within a minute."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc of Linux")
def test_one_at_a_time_and_nothing_is_left_of_one_that_was_stopped(clone, slow):
    process, kernel = slow()
    refused = run(clone, "0_slow")
    assert refused.returncode == 1 and "another process reproduces notebooks in" in refused.stderr
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1 and "interrupted: notebooks and figures that" in said
    assert gone(kernel)
    process, kernel = slow()
    process.kill()  # what it leaves behind is in the way of no later test
    process.wait()  # its output stays open longer: joblib's idle workers end by themselves after some minutes
    process.stderr.close()
    assert gone(kernel)
    assert git(clone, "status", "--short") == "?? notebooks/0_slow.ipynb\n"


def test_where_nothing_can_be_written_it_says_so(clone):
    """A file in the way stands for a folder that is read only, which no folder is for root."""
    lock = clone / ".reproduce.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    try:
        refused = run(clone, "1_symmetry", "seeds=1")
    finally:
        lock.rmdir()
    assert (
        refused.returncode == 1 and f"a file in {clone} cannot be read or written: " in refused.stderr.splitlines()[-1]
    )


def test_a_copy_with_its_environment_runs_its_own_code(clone, tmp_path):
    """Of which `pip install -e` has left a path to the original there."""
    (tmp_path / "original" / "bp").mkdir(parents=True)
    (tmp_path / "original" / "bp" / "__init__.py").write_text("raise SystemExit('the original runs')")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    packages = next(clone.glob(".venv/lib/python*/site-packages"))
    (packages / "a_bp.pth").write_text(f"{tmp_path / 'original'}\n")
    (packages / "b_libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    (clone / ".venv" / "ready").touch()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command in (
        ["make", "surveys", "ONLY=symmetry_mean", "SEEDS=1"],
        [".venv/bin/python", "tools/surveys.py", "--only", "symmetry_mean", "--seeds", "1"],
    ):
        shutil.rmtree(clone / "runs", ignore_errors=True)
        done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert (clone / "runs" / "surveys" / "symmetry_mean.csv").exists()
    refused = subprocess.run(
        [".venv/bin/python", "tools/reproduce.py", "9_nothing"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "there is no notebook" in refused.stderr


def test_an_environment_moves_with_its_folder(tmp_path):
    folder, moved = tmp_path / "Ordner von Ä", tmp_path / "moved"
    for name in ("bp/__init__.py", "tools/install.py"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(b"" if name.startswith("bp") else (REPOSITORY / name).read_bytes())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    python = Path(".venv", "Scripts" if os.name == "nt" else "bin", "python")
    subprocess.run([folder / python, "tools/install.py"], cwd=folder, check=True)
    folder.rename(moved)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [moved / python, "-c", "import bp; print(bp.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == moved / "bp" / "__init__.py"


@pytest.mark.skipif(not shutil.which("make"), reason="left out: it needs make, which is not installed")
def test_an_environment_that_does_not_run_is_made_anew(clone):
    """Say, since it was copied from another system. What `make` would do is printed, not done."""
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    (clone / ".venv").mkdir()
    (clone / ".venv" / "ready").touch()
    done = subprocess.run(["make", "-n", "surveys"], cwd=clone, capture_output=True, text=True, check=True)
    assert "-m venv --clear .venv" in done.stdout
    shutil.rmtree(clone / ".venv")


def test_a_developers_settings_of_git_and_a_missing_repository_do_not_count(tmp_path):
    (tmp_path / "gitconfig").write_text("[commit]\n\tgpgsign = true\n[core]\n\texcludesFile = ignored\n")
    (tmp_path / "ignored").write_text("*.py\n")
    for more in (
        {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")},
        {"GIT_CEILING_DIRECTORIES": str(REPOSITORY.parent)},
    ):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in more.items():
                patch.setenv(name, value)
            names = listed()
            assert "bp/network.py" in names and not [name for name in names if name.startswith((".venv", ".git/"))]
            git(tmp_path, "init", "-q", "repository")
            git(tmp_path / "repository", *AS_SOMEBODY, "commit", "-q", "--allow-empty", "-m", "without a signature")


def test_other_parameters_go_into_an_untracked_folder(clone):
    name = "5_recurrent_equivalence"
    done = run(clone, name, "seeds=3", "steps=4")
    assert done.returncode == 0, done.stderr
    assert git(clone, "status", "--short") == ""
    notebook = nbformat.read(clone / "runs" / "notebooks" / f"{name}.ipynb", as_version=4)
    given = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", []))
    assert "seeds = 3\nsteps = 4" in given.source
    drawn = {path.name: path.read_bytes() for path in (clone / "runs" / "figures").glob("5_*.png")}
    assert drawn and any(data != (clone / "figures" / name).read_bytes() for name, data in drawn.items())


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


@pytest.mark.slow
def test_reproducing_is_a_fixed_point(clone, capsys):
    """Byte for byte on the reference platform; elsewhere the text agrees, and a second time changes nothing."""
    other = reproduction.other_platform()
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
