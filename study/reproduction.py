"""Run the notebooks, and put what they made in its place: notebooks/, figures/, README.md and CLAIMS.md."""

import os
import platform
import re
import shutil
import sys
from ast import literal_eval
from contextlib import contextmanager
from importlib import metadata
from threading import Thread
from time import sleep

import nbformat
import papermill
from filelock import FileLock, Timeout
from joblib import Parallel, delayed, parallel_config
from matplotlib import font_manager  # noqa: F401  lists the fonts, once and here: in a kernel it would say so, in a cell
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbstripout import strip_output
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from tqdm import tqdm

from bp.files import write_whole

from . import documents
from .files import REPOSITORY

WORK = REPOSITORY / ".reproduce"  # where notebooks run, until they are whole
# What papermill and the kernel write that differs from one execution to the next.
FLEETING = (
    "metadata.papermill",
    "cell.metadata.papermill",
    "cell.metadata.execution",
    "metadata.language_info.version",
    "metadata.widgets",
)
WIDGET = "application/vnd.jupyter.widget-view+json"  # means nothing without its kernel; its picture stands beside it
COLAB = """\
# On Google Colab this fetches the repository first; everywhere else it does nothing.
import sys

if "google.colab" in sys.modules:
    ![ -d {name} ] || git clone --quiet --depth 1 {home}
    %cd {name}/notebooks
    %pip install --quiet --editable .. autograd "ipywidgets>=8.1"
    sys.path.insert(0, "..")"""
AVX512 = [name for name in __cpu_dispatch__ if name.startswith(("X86_V4", "AVX512")) and __cpu_features__[name]]


def reference():
    """The environment variables by which all machines of the reference platform compute the same bits."""
    variables = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    if avx2():
        variables |= {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": " ".join(AVX512)}
    return variables


def avx2():
    return platform.machine() in ("x86_64", "AMD64") and __cpu_features__.get("AVX2", False)


def other_platform():
    """Why this is not the reference platform, where notebooks come out byte for byte; None if it is."""
    if platform.system() != "Linux" or not avx2():
        return f"this is {platform.system()} on {platform.machine()}, not Linux on x86-64 with AVX2"
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+) \\$", lock, re.MULTILINE):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "not installed"
        if installed != version:
            return f"{name} is {installed}, not {version} as in requirements.lock"
    return None


def parameters(notebook, given):
    """The parameters given as `name=value`, checked against those of the notebook."""
    known = papermill.inspect_notebook(str(notebook))
    chosen = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            rows = (f"{p['name']}: {p['inferred_type_name']} = {p['default']}  # {p['help']}" for p in known.values())
            listed = "\n  ".join(["", *rows])
            raise SystemExit(f"{notebook.stem} has no parameter {text!r}; expected name=value with one of{listed}")
        kind = known[name]["inferred_type_name"]
        try:
            chosen[name] = {"int": whole_number, "float": float, "str": str}.get(kind, literal_eval)(value)
        except (ValueError, SyntaxError):
            raise SystemExit(f"{name} is {value!r}; expected {kind}, such as {known[name]['default']}") from None
    return chosen


def whole_number(text):
    """10000, 10_000 and 1e4 are the same; 1.5 and 1e-1 are none, which is a `ValueError`."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if not number.is_integer():
            raise
        return int(number)


def run(name, path, chosen, position=0):
    """Run one notebook in a folder of its own; returns it, normalised, in there."""
    done = WORK / name / path.name
    done.parent.mkdir(parents=True, exist_ok=True)
    begun = done.with_name("begun.ipynb")
    nbformat.write(with_colab(nbformat.read(path, nbformat.NO_CONVERT)), begun)
    papermill.execute_notebook(
        begun,
        done,
        chosen,
        cwd=path.parent,
        kernel_name="python3",
        extra_arguments=["--log-level=CRITICAL"],  # or it warns of talking to its own machine unencrypted
        progress_bar={"desc": f"{name:24}", "position": position, "unit": "cell"},
    )
    notebook = nbformat.read(done, nbformat.NO_CONVERT)
    # How a cell's text falls into messages is a matter of time.
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(notebook, {})
    notebook = strip_output(notebook, keep_output=True, keep_count=True, keep_id=True, extra_keys=list(FLEETING))
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
    nbformat.write(notebook, done)
    return done


def with_colab(notebook):
    """A notebook, with a first code cell that fetches the repository on Colab if the repository has an address."""
    notebook.cells = [cell for cell in notebook.cells if "colab" not in cell.metadata.get("tags", ())]
    if address := documents.home():
        source = COLAB.format(home=address, name=address.rsplit("/", 1)[1])
        first = next(number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        cell = nbformat.v4.new_code_cell(source, id="colab", metadata={"tags": ["colab"]})
        notebook.cells.insert(first, cell)
    return notebook


def attempt(name, *rest):
    """Run one notebook; returns its name, where it is now, and what went wrong, if anything did."""
    Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    try:
        return name, run(name, *rest), None
    except papermill.PapermillExecutionError as error:
        return name, None, str(error)


def end_with(parent):
    """End this process, and so its kernel, soon after its parent has been killed: nobody waits for what it makes."""
    while os.getppid() == parent:
        sleep(0.5)
    os._exit(1)


def execute(chosen, given, target):
    """Run notebooks and put them, and their figures, in their places in `target`: all, or none if any of them fails."""
    # Each in a process of its own, for papermill changes the working directory of its process, which kernels start in.
    with parallel_config(backend="loky", n_jobs=2):
        attempts = Parallel(batch_size=1)(
            delayed(attempt)(name, path, given, position % 2) for position, (name, path) in enumerate(chosen.items())
        )
    failed = {name: error for name, _, error in attempts if error}
    for name, error in failed.items():
        tqdm.write(f"\n{name} failed, see {(WORK / name).relative_to(REPOSITORY)}:\n{error}", file=sys.stderr)
    if failed:
        raise SystemExit(1)
    made = {"notebooks": [path for _, path, _ in attempts], "figures": sorted((WORK / "figures").glob("*.*"))}
    for folder, paths in made.items():
        (target / folder).mkdir(parents=True, exist_ok=True)
        for path in paths:
            os.replace(path, target / folder / path.name)


@contextmanager
def alone():
    """An empty `WORK`, which no other process uses, and which is gone afterwards unless something failed."""
    try:
        with FileLock(REPOSITORY / f"{WORK.name}.lock", blocking=False):
            shutil.rmtree(WORK, ignore_errors=True)
            WORK.mkdir()
            yield
            shutil.rmtree(WORK, ignore_errors=True)
    except Timeout:
        raise SystemExit(f"another process reproduces notebooks in {REPOSITORY}; expected one at a time") from None
    except OSError as error:
        raise SystemExit(f"a file in {REPOSITORY} cannot be read or written: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("interrupted: notebooks and figures that are not finished stay as they were") from None


def reproduce(chosen, given):
    """Run the notebooks `chosen`, name -> path, and put what they make in its places: in runs/ if with parameters.

    Their kernels inherit the environment of this process.
    """
    target = REPOSITORY / "runs" if given else REPOSITORY
    overview = {name for name in chosen if name.startswith("0_")}  # reads what the others report, in its place
    for batch in (chosen.keys() - overview, overview):
        execute({name: path for name, path in chosen.items() if name in batch}, given, target)
    if given:
        print("written to runs/notebooks and runs/figures")
        return
    try:
        texts = documents.texts()
    except ValueError as error:
        raise SystemExit(f"the notebooks are in their places, the documents as they were: {error}") from None
    for name, text in texts.items():
        write_whole(REPOSITORY / name, lambda part, text=text: part.write_text(text, encoding="utf-8"))
    other = other_platform()
    print(
        f"The text should agree with what is published; pictures may differ in the last bits, since {other}."
        if other
        else "This is the reference platform: everything should come out as published, byte for byte."
    )
