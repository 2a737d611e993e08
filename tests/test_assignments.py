"""The assignments, and the marking of them: every way to be wrong costs the marks that it should, and no others."""

import ast
import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbgrader.nbgraderformat import MetadataValidator

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY / "tools"), str(REPOSITORY / "notebooks" / "assignments")]

import assignments  # noqa: E402
import course as tool  # noqa: E402
import marking  # noqa: E402

SIX = ("1_unit_and_layer", "2_backward_pass", "3_descent", "4_symmetry", "5_family_trees", "6_time")
POINTS = dict.fromkeys(SIX, 25)
FIRST = "1_unit_and_layer"

each = pytest.mark.parametrize("name", tool.ASSIGNMENTS)


@pytest.fixture(scope="module", autouse=True)
def one_sandbox():
    """What starts processes for submissions is started once, which takes seconds."""
    with tool.Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool, "Sandbox", lambda: contextlib.nullcontext(sandbox))
        yield


def test_no_assignment_is_untested():
    assert set(POINTS) == set(tool.ASSIGNMENTS) == {path.stem for path in tool.SUBMISSIONS.glob("*.py")}


# ---------------------------------------------------------------- source/ and release/


@each
def test_source_is_a_valid_assignment_without_outputs(name):
    notebook = nbformat.read(tool.COURSE / "source" / name / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert not [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert [cell.id for cell in marked] == [cell.metadata.nbgrader.grade_id for cell in marked]
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in marked) == POINTS[name]


def test_the_tools_are_the_same_in_all_assignments():
    assert len({cell.source for name in POINTS for cell in tool.read(tool.COURSE, name) if cell.id == "tools"}) == 1


@each
def test_tests_are_told_apart_from_answers(name):
    """What is marked by itself is one function, and called: the names in it must not help what students write next."""
    for cell in filter(tool.is_test, tool.read(tool.COURSE, name)):
        assert cell.id.startswith("test_") and cell.metadata.nbgrader.locked and "SOLUTION" not in cell.source
        assert cell.source.endswith(f"\n\n\n{cell.id}()")


@pytest.mark.slow
def test_release_is_what_generate_makes_of_source(tmp_path):
    tool.release(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    folder = tool.COURSE / "release"
    stored = {path.relative_to(tool.COURSE): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    assert made.keys() == stored.keys()
    assert [path for path in made if made[path] != stored[path]] == [], "python tools/assignments.py generate"


@each
def test_release_gives_nothing_away(name):
    cells = tool.read(tool.COURSE, name, "release")
    text = "\n".join(cell.source for cell in cells)
    assert not [word for word in ("SOLUTION", "HIDDEN", "MARK SCHEME") if word in text]
    assert not [cell.id for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    answers = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert answers
    for cell in answers:
        stub = "raise NotImplementedError" if cell.cell_type == "code" else "*Write your answer here.*"
        assert stub in cell.source, cell.id
    assert [cell.id for cell in cells] == [cell.id for cell in tool.read(tool.COURSE, name)]


# ---------------------------------------------------------------- plausible submissions


@each
def test_there_are_submissions_enough(name):
    told = tool.told(name)
    wrong = {title: lost for title, (_, lost) in told.items() if title.startswith("wrong: ")}
    assert len(wrong) >= 8 and len([title for title in told if title.startswith("right: ")]) >= 3
    ids = {cell.id: cell.metadata.get("nbgrader", {}) for cell in tool.read(tool.COURSE, name)}
    tests = {cell.id for cell in tool.read(tool.COURSE, name) if tool.is_test(cell)}
    assert set.union(*wrong.values()) == tests, "each test is failed by one of them"
    for cells, _ in told.values():
        assert all(ids[cell].get("solution") for cell in cells)


def one_of_each_kind(name):
    """Titles: the solution, the release as it is, the first that is wrong, and the first that is right."""
    first = {}
    for title in tool.submissions(name):
        first.setdefault(title.partition(": ")[0], title)
    assert first.keys() == {"the solution", "as handed out", "wrong", "right"}
    return list(first.values())


def are_as_told(name, scores, points):
    assert tool.unexpected(name, scores, points) == {}
    assert set(scores.to_numpy().ravel()) <= {0, *points}, "all or nothing"


@pytest.mark.sample
@each
def test_marks_are_lost_where_the_mistake_is(name):
    """One submission of each kind; the guide's table says the same of them."""
    scores, points = tool.graded(name, one_of_each_kind(name))
    are_as_told(name, scores, points)
    guide = (tool.COURSE / "README.md").read_text("utf-8").splitlines()
    assert [line for line in tool.lines(scores, points) if line not in guide] == [], "python tools/assignments.py table"


@pytest.mark.slow
@each
def test_all_marks_are_lost_where_the_mistake_is(name):
    """All submissions; the guide's table is that of these marks."""
    scores, points = tool.graded(name)
    are_as_told(name, scores, points)
    assert set(scores.index) == set(tool.submissions(name))
    guide = (tool.COURSE / "README.md").read_text("utf-8")
    assert guide == tool.table(name, scores, points), "python tools/assignments.py table"


@each
def test_the_guide_has_a_line_for_each_submission_with_its_lost_marks(name):
    guide = (tool.COURSE / "README.md").read_text("utf-8")
    head, _, *rows = guide.partition(f"<!-- {name}: ")[2].partition("<!-- end")[0].splitlines()[1:]
    tests = [f"test_{column.split(' (')[0].strip()}" for column in head.split("|")[2:-2]]
    marks = {cells[1].strip(): cells[2:-2] for cells in (row.split("|") for row in rows)}
    lost = {title: {tests[k] for k, mark in enumerate(own) if "**" in mark} for title, own in marks.items()}
    assert lost == {title: failed for title, (_, failed) in tool.submissions(name).items()}


def test_a_table_is_not_written_with_a_mark_that_is_not_expected():
    scores = pd.DataFrame([[2.0, 0.0]], ["the solution"], ["test_unit", "test_layer"])
    with pytest.raises(SystemExit, match=r"so no table: {'the solution': {'test_layer'}}"):
        tool.table(FIRST, scores, pd.Series({"test_unit": 2, "test_layer": 3}))


# ---------------------------------------------------------------- unruly submissions


def solved(cells=()):
    return tool.changed(FIRST, dict(cells))


def tampered():
    """The release, with tests that pass, are skipped, are worth more, and are no code."""
    notebook = tool.changed(FIRST, {}, "release")
    for number, cell in enumerate(filter(tool.is_test, notebook.cells)):
        cell.source = "pass"
        cell.metadata.tags = ["skip-execution"]
        cell.metadata.nbgrader.points = 100
        if number % 2:
            cell.cell_type = "markdown"
            for key in "outputs", "execution_count":
                del cell[key]
        if number % 3 == 1:
            cell.metadata.nbgrader.update(grade=False, locked=False, solution=True)
    return notebook


def without(*names):
    notebook = solved()
    notebook.cells = [
        cell for cell in notebook.cells if cell.id not in names and not (not names and tool.is_test(cell))
    ]
    return notebook


def renamed():
    """Other names for some tests and for a solution, which therefore becomes an ordinary cell."""
    notebook = solved()
    for cell in notebook.cells:
        if cell.id in ("test_logistic", "logistic", "test_xor"):
            cell.metadata.nbgrader.grade_id = f"my_{cell.id}"
    return notebook


def doubled():
    notebook = solved()
    for name in ("logistic", "test_logistic", "threshold"):
        at = [cell.id for cell in notebook.cells].index(name)
        notebook.cells.insert(at + 1, nbformat.from_dict(notebook.cells[at]))
    return notebook


def with_cell(source, after="tools", notebook=None):
    """The solution, or another notebook, with a further cell: of words if it begins with a quotation mark."""
    notebook = notebook or solved()
    at = [cell.id for cell in notebook.cells].index(after)
    new = nbformat.v4.new_markdown_cell(source[1:]) if source[:1] == '"' else nbformat.v4.new_code_cell(source)
    notebook.cells.insert(at + 1, new)
    return notebook


def old_format():
    notebook = solved()
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    return notebook


LAYER = "def layer(y, W, b):\n"
RIGHT = f"{LAYER}    return logistic(W @ y + b)\n"
WRONG = "def logistic(x):\n    return 1 / (1 + np.exp(x))\n"  # a mistake that shows in all that uses it
STUBBORN = """    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
LATE = "import os\nimport threading\n\nthreading.Timer(0.3, os._exit, [1]).start()\n"
ALARM = "import os\nimport signal\n\nsignal.signal(signal.SIGALRM, lambda *_: os._exit(1))\nsignal.setitimer(0, 0.3)\n"
THREAD = "import threading\n\n\ndef busy():\n    while True:\n        pass\n\n\nthreading.Thread(target=busy).start()\n"
ALL = {cell.id for cell in tool.read(tool.COURSE, FIRST) if tool.is_test(cell)}
UNRULY = {  # the notebook, and the tests that it is to fail
    "tampered tests": (tampered(), ALL),
    "all tests deleted": (without(), set()),
    "tools and a test deleted": (without("tools", "test_unit"), set()),
    "a solution deleted": (without("layer"), {"test_layer"}),
    "cells renamed": (renamed(), set()),
    "cells twice": (doubled(), set()),
    "an older format, without ids": (old_format(), set()),
    "an infinite loop": (solved({"layer": LAYER + "    while True:\n        pass"}), {"test_layer"}),
    "an infinite loop outside of a function": (solved({"layer": "while True:\n    pass"}), {"test_layer"}),
    "a loop that cannot be interrupted": (solved({"layer": LAYER + STUBBORN}), {"test_layer"}),
    "a cell that cannot be interrupted": (solved({"layer": f"{RIGHT}\n\nif True:\n{STUBBORN}"}), {"test_layer"}),
    "a kernel that dies in a test": (solved({"layer": f"import os\n\n\n{LAYER}    os._exit(1)"}), {"test_layer"}),
    "a kernel that dies": (solved({"layer": "import os\n\nos._exit(1)"}), {"test_layer"}),
    "a kernel that dies twice": (
        solved({"layer": "import os\n\nos._exit(1)", "gates": "import os\n\nos.abort()"}),
        {"test_layer", "test_gates"},
    ),
    "an exit": (solved({"layer": f"{LAYER}    exit()"}), {"test_layer"}),
    "a sys.exit": (solved({"layer": "import sys\n\nsys.exit()"}), {"test_layer"}),
    "a cell that raises": (solved({"layer": "raise RuntimeError('no')"}), {"test_layer"}),
    "a question to the user": (solved({"layer": "name = input('Who are you?')"}), {"test_layer"}),
    "warnings": (with_cell("import warnings\n\nwarnings.warn('mind this')"), set()),
    "warnings in a test": (
        solved({"total_input": "def total_input(y, w):\n    print(np.log(-1.0))\n    return np.dot(y, w)"}),
        set(),
    ),
    "much printed": (with_cell("for number in range(100_000):\n    print('number', number, '.' * 80)"), set()),
    "printed without end": (
        solved({"layer": f"{LAYER}    while True:\n        print('again ' * 100)"}),
        {"test_layer"},
    ),
    "a call to another machine": (
        with_cell("import urllib.request\n\nurllib.request.urlopen('http://192.0.2.1', timeout=100)"),
        set(),
    ),
    # what other cells do
    "from numpy import *": (with_cell("from numpy import *"), set()),
    "sum = 0": (with_cell("sum = 0\nfor v in [1, 2, 3]:\n    sum += v"), set()),
    "list = [1]": (with_cell("list = [1]\nlen = range = tuple = isinstance = 3"), set()),
    "all builtins": (with_cell("import builtins\n\nglobals().update(dict.fromkeys(dir(builtins), 0))"), set()),
    "builtins changed": (with_cell("import builtins\n\nbuiltins.sum = builtins.len = builtins.print = None"), set()),
    "builtins that an answer uses": (
        with_cell("sum, zip, range, len = 0, 0, 0, 0", notebook=solved(tool.told(FIRST)["right: with loops"][0])),
        set(),
    ),
    "NumPy changed": (with_cell("np.exp = np.dot = np.allclose = np.array = None"), set()),
    "NumPy under another name, and np a number": (with_cell("import numpy as num\n\nnp = 3"), set()),
    "math changed": (
        with_cell("import math\n\nmath.exp = math.e = None\nimport sys\nsys.modules['numpy'] = None"),
        set(),
    ),
    "errors for warnings": (
        with_cell("import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')"),
        set(),
    ),
    "hardly any recursion": (with_cell("import sys\n\nsys.setrecursionlimit(60)"), set()),
    "traced": (with_cell("import sys\n\nsys.settrace(lambda *_: 1 / 0)\nsys.setprofile(lambda *_: 1 / 0)"), set()),
    "no output": (with_cell("import sys\n\nsys.stdout = sys.stderr = print = None"), set()),
    "a result with the function's name": (
        with_cell("layer = layer(np.ones(2), np.ones((3, 2)), 0)", after="layer"),
        set(),
    ),
    "expect and call overwritten": (with_cell("def expect(*_):\n    raise ValueError\n\n\ncall = alone = 3"), set()),
    "another test that passes": (with_cell("def test_layer():\n    pass\n\n\nexpect = lambda *_: None"), set()),
    "magic and commands": (with_cell("%matplotlib inline\n!ls /\n%pip install nothing\nprint?"), set()),
    "a command in an answer": (solved({"layer": f"!pip install numpy\n%matplotlib inline\n{RIGHT}"}), set()),
    "no Python in a cell": (with_cell("this is no Python \0 at all ("), set()),
    # one mistake, however it is reached
    "a wrong function": (solved({"logistic": WRONG}), {"test_logistic"}),
    "a wrong function under a second name": (
        solved({"logistic": f"{WRONG}\n\nsquash = logistic", "layer": f"{LAYER}    return squash(W @ y + b)"}),
        {"test_logistic"},
    ),
    "a wrong function as a default argument": (
        solved({"logistic": WRONG, "layer": "def layer(y, W, b, f=logistic):\n    return f(W @ y + b)"}),
        {"test_logistic"},
    ),
    "a wrong function in a closure": (
        solved(
            {
                "logistic": WRONG,
                "layer": "def made(f):\n    def layer(y, W, b):\n        return f(W @ y + b)\n\n    return layer\n\n\n"
                "layer = made(logistic)",
            }
        ),
        {"test_logistic"},
    ),
    "a wrong function with a closure of its own": (
        solved(
            {"logistic": "def made(sign):\n    return lambda x: 1 / (1 + np.exp(sign * x))\n\n\nlogistic = made(1)"}
        ),
        {"test_logistic"},
    ),
    "a wrong function in a list, a class and a partial": (
        solved(
            {
                "logistic": f"import functools\n\n\n{WRONG}\n\nFUNCTIONS = [logistic]\n\n\nclass Net:\n"
                "    squash = staticmethod(logistic)\n\n\npart = functools.partial(logistic)",
                "unit": "def unit(y, w, b):\n    return part(np.dot(y, w) + b)",
                "layer": f"{LAYER}    return FUNCTIONS[0](W @ y + b)",
                "layer_of_cases": "def layer_of_cases(y, W, b):\n    return Net().squash(W @ y + b[:, None])",
            }
        ),
        {"test_logistic"},
    ),
    "a wrong function that is decorated": (
        solved(
            {
                "logistic": f"import functools\n\n\ndef kept(f):\n    @functools.wraps(f)\n    def g(x):\n"
                f"        return f(x)\n\n    return g\n\n\n@kept\n{WRONG}",
                "layer": "def layer(y, W, b, f=logistic):\n    return f(W @ y + b)",
            }
        ),
        {"test_logistic"},
    ),
    "one function for both": (
        solved(
            {
                "layer": f"{LAYER}    return logistic((W @ y).T + b).T",
                "layer_of_cases": "layer_of_cases = layer",
            }
        ),
        set(),
    ),
    "an answer by another answer": (
        solved(
            {
                "layer": f"{LAYER}    return logistic((W @ y).T + b).T",
                "layer_of_cases": "def layer_of_cases(y, W, b):\n    return layer(y, W, b)",
            }
        ),
        set(),
    ),
    # deaths that come late
    "a timer that ends the process": (solved({"layer": LATE + RIGHT}), set()),
    "a timer in a scratch cell": (with_cell(LATE), set()),
    "an alarm that ends the process": (solved({"layer": ALARM + RIGHT}), set()),
    "a thread that never ends": (solved({"layer": THREAD + RIGHT}), set()),
    "a timer in a function": (solved({"layer": f"{LAYER}    {LATE.splitlines()[0]}; os._exit(1)"}), {"test_layer"}),
    "a kernel that shuts itself down": (
        solved({"layer": f"{RIGHT}\n\nget_ipython().kernel.do_shutdown(False)"}),
        set(),
    ),
    "a signal to all": (solved({"layer": f"import os\nimport signal\n\n{RIGHT}\n\nos.kill(0, signal.SIGKILL)"}), set()),
    "at the end": (solved({"layer": f"import atexit\nimport os\n\natexit.register(os._exit, 1)\n{RIGHT}"}), set()),
    "more memory than there is": (solved({"layer": "x = [np.ones(10**9) for _ in range(100)]"}), {"test_layer"}),
    "recursion without end": (solved({"layer": f"{LAYER}    return layer(y, W, b)"}), {"test_layer"}),
    "forks": (solved({"layer": f"import os\n\n{RIGHT}\n\nwhile True:\n    os.fork()"}), set()),
    # results that are no numbers
    "a generator": (solved({"layer": f"{LAYER}    return (v for v in W @ y + b)"}), {"test_layer"}),
    "an object that lies": (
        solved(
            {"layer": f"class Yes:\n    def __eq__(self, other):\n        return True\n\n\n{LAYER}    return Yes()"}
        ),
        {"test_layer"},
    ),
    "a result that runs code when it is read": (
        solved(
            {
                "layer": "class Bad:\n    def __reduce__(self):\n        return print, ('read',)\n\n\n"
                f"{LAYER}    return [Bad()] * len(b)"
            }
        ),
        {"test_layer"},
    ),
    "a very large result": (solved({"layer": f"{LAYER}    return np.zeros(10**8)"}), {"test_layer"}),
    "a subclass of an array, a frame, fractions": (
        solved(
            {
                "layer": f"class Own(np.ndarray):\n    pass\n\n\n{LAYER}    return logistic(W @ y + b).view(Own)",
                "total_input": "from fractions import Fraction\n\n\ndef total_input(y, w):\n"
                "    return sum(Fraction(float(a)) * Fraction(float(b)) for a, b in zip(y, w))",
            }
        ),
        set(),
    ),
}


@functools.cache
def unruly():
    """Marked with a limit of ten seconds, beside what cannot be marked: (marks, cells, problems)."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = Path(temporary, "submitted"), Path(temporary, "grades")
        for student, (notebook, _) in UNRULY.items():
            tool.hand_in(notebook, folder, student, FIRST)
        good = nbformat.writes(solved())
        for file, text in {
            "anna/2_backward_pass/2_backward_pass.ipynb": nbformat.writes(tool.changed("2_backward_pass", {})),
            "anna/scratch.ipynb": good,
            f"bert/{FIRST}.ipynb": good[:1000],
            f"carl/{FIRST}.py": "print()",
            f"dora/{FIRST}.ipynb": nbformat.writes(nbformat.v4.new_notebook()),
            f"emil/{FIRST}.ipynb": json.dumps([1, 2]),
            f"frida/{FIRST}.ipynb": good,
            f"frida/{FIRST}/{FIRST}.ipynb": good.replace("0.5", "0.50"),
            f"[gert] *?/{FIRST}.ipynb": good,
            f"hans/homework/{FIRST}.ipynb": good,
            "ines/notes.txt": "sorry",
        }.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, "utf-8")
        problems = tool.grade(folder, out, jobs=3, seconds=10, feedback=False)
        marks, cells = (pd.read_csv(out / f"{name}.csv") for name in ("marks", "cells"))
    return marks, cells, problems


@pytest.mark.parametrize("student", UNRULY)
def test_an_unruly_submission_loses_only_its_own_marks(student):
    _, cells, _ = unruly()
    rows = cells[(cells.student == student) & cells.cell.isin(ALL)]
    assert set(rows.cell) == ALL
    assert set(rows.cell[rows.score < rows.max_score]) == UNRULY[student][1]
    assert set(rows.score) <= {0, *rows.max_score} and rows.max_score.sum() == 21


def test_what_cannot_be_marked_is_named_and_stops_no_one():
    marks, cells, problems = unruly()
    told = "\n".join(problems)
    for sentence in (
        "anna/scratch.ipynb: there is no assignment 'scratch'; expected one of 1_unit_and_layer",
        f"bert/{FIRST}.ipynb: not a notebook, or a damaged one",
        f"carl/{FIRST}.py: not a notebook; expected {FIRST}.ipynb",
        f"dora/{FIRST}.ipynb: holds none of the cells of {FIRST}; expected the notebook that was handed out",
        f"emil/{FIRST}.ipynb: not a notebook, or a damaged one",
        f"frida/{FIRST}/{FIRST}.ipynb: handed in twice; expected one file",
        "ines: no notebook; expected",
    ):
        assert sentence in told
    assert len(problems) == 7
    taken = ["anna", "frida", "[gert] *?", "hans"]
    assert set(marks.student) == {*UNRULY, *taken}
    others = marks.set_index("student").loc[taken]
    assert list(others.score) == [21, 21, 21, 21] and all(others.needs_manual_grade)
    assert list(marks.columns) == ["student", "assignment", "score", "max_score", "needs_manual_grade"]
    assert cells.groupby(["student", "assignment"]).max_score.sum().eq(25).all()


@pytest.mark.slow
def test_a_submission_that_cannot_be_marked_is_reported(tmp_path, monkeypatch):
    marked = tool.marked

    def fails_for_bert(sandbox, path, *rest, **limits):
        if path.parent.name == "bert":
            raise ValueError("no\nand no")
        return marked(sandbox, path, *rest, **limits)

    monkeypatch.setattr(tool, "marked", fails_for_bert)
    for student in ("anna", "bert"):
        tool.hand_in(solved(), tmp_path / "in", student, FIRST)
    problems = tool.grade(tmp_path / "in", tmp_path / "out", jobs=1)
    assert problems == [f"bert, {FIRST}: could not be marked, ValueError: no and no"]
    marks = pd.read_csv(tmp_path / "out" / "marks.csv", index_col="student")
    assert marks.score["anna"] == 21 and pd.isna(marks.score["bert"])


def command(*arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["assignments.py", *map(str, arguments)])
    assignments.main()


def test_wrong_folders_are_refused_by_name(tmp_path, monkeypatch):
    empty, other, theirs = tmp_path / "empty", tmp_path / "other", tmp_path / "theirs"
    empty.mkdir()
    for folder, sentence in (
        (tmp_path / "none", "there is no folder"),
        (empty, "holds no folders; expected <student>/"),
    ):
        with pytest.raises(SystemExit, match=sentence):
            command("grade", folder, "--out", tmp_path / "grades", monkeypatch=monkeypatch)
    tool.hand_in(nbformat.v4.new_notebook(), other, "anna", FIRST)
    with pytest.raises(SystemExit, match="holds none of the cells"):
        command("grade", other, "--out", tmp_path / "grades", monkeypatch=monkeypatch)
    with pytest.raises(SystemExit, match=r"exists and holds no marks\.csv; expected a new folder"):
        command("grade", other, "--out", empty, monkeypatch=monkeypatch)
    theirs.mkdir()
    (theirs / "marks.csv").write_text("name,grade\nanna,A\n")
    with pytest.raises(SystemExit, match=r"marks\.csv is no table of marks; expected the columns student, assignment"):
        command("grade", other, "--out", theirs, monkeypatch=monkeypatch)
    assert (theirs / "marks.csv").read_text() == "name,grade\nanna,A\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "other", "theirs"]


@pytest.mark.slow
def test_the_exit_says_what_is_missing_and_nothing_else_changes(tmp_path, monkeypatch, capsys):
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    tool.hand_in(nbformat.v4.new_notebook(), tmp_path / "in", "bert", FIRST)
    out = tmp_path / "runs" / "grades"
    before = {path: path.stat().st_mtime_ns for path in tool.COURSE.rglob("*") if "__pycache__" not in path.parts}
    with pytest.raises(SystemExit, match=r"\nbert/1_unit_and_layer.ipynb: holds none"):
        command("grade", tmp_path / "in", "--out", out, monkeypatch=monkeypatch)
    assert "written to" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["by_hand.csv", "cells.csv", "feedback", "marks.csv"]
    assert [path.name for path in out.parent.iterdir()] == ["grades"]
    after = {path: path.stat().st_mtime_ns for path in tool.COURSE.rglob("*") if "__pycache__" not in path.parts}
    assert after == before


# ---------------------------------------------------------------- marks survive


def tables(out):
    return {name: pd.read_csv(out / f"{name}.csv", dtype=str, keep_default_na=False) for name in tool.TABLES}


def quick(folder, out, **limits):
    return tool.grade(folder, out, feedback=False, **limits)


def with_pages(folder, out):
    """Mark a folder and make its pages, but leave out the notebook's own pictures, which take most of the time."""

    def run(*arguments, pictures, **limits):
        return marking.run(*arguments, pictures=False, **limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool, "run", run)
        return tool.grade(folder, out)


def fill_in(out, cell, points):
    """As a teacher does, in a spreadsheet."""
    rows = tables(out)["by_hand"]
    rows.loc[rows.cell == cell, "points"] = points
    rows.to_csv(out / "by_hand.csv", index=False)


@pytest.mark.slow
def test_points_by_hand_are_entered_in_one_table_and_stay(tmp_path, capsys):
    week, out = tmp_path / "week", tmp_path / "out"
    tool.hand_in(solved(), week, "anna", FIRST)
    assert quick(week, out) == []
    assert list(tables(out)["by_hand"].cell) == ["hidden_units", "threshold"]
    fill_in(out, "threshold", "1,5")  # a decimal comma, as spreadsheets of some countries write it
    assert quick(week, out) == []
    mark = tables(out)["marks"].iloc[0]
    assert (mark.score, mark.needs_manual_grade) == ("22.5", "True")
    fill_in(out, "hidden_units", "2")
    assert tool.grade(week, out) == []
    page = (out / "feedback" / "anna" / f"{FIRST}.html").read_text("utf-8")
    assert "Score: 24.5 / 25.0" in page and "Score: 1.5 / 2.0" in page
    tool.hand_in(solved({"layer": "def layer(y, W, b):\n    return 0"}), week, "anna", FIRST)  # once more, and worse
    assert quick(week, out) == []
    mark = tables(out)["marks"].iloc[0]
    assert (mark.score, mark.needs_manual_grade) == ("21.5", "False")
    assert "21.5 in place of 24.5" in capsys.readouterr().out


@pytest.mark.parametrize("points", ["2.5", "-1", "two", "nan", "1e9"])
def test_points_beyond_the_maximum_are_refused_by_name(tmp_path, points):
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    quick(tmp_path / "in", tmp_path / "out")
    fill_in(tmp_path / "out", "threshold", points)
    (problem,) = quick(tmp_path / "in", tmp_path / "out")
    assert problem.startswith("by_hand.csv: anna, 1_unit_and_layer, threshold: points of") and "from 0 to 2" in problem
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"
    rows = tables(tmp_path / "out")["by_hand"]
    assert rows.points[rows.cell == "threshold"].item() == points, "what was entered stays"


@pytest.mark.parametrize("score", ["26", "-1", "A"])
def test_a_score_beyond_the_maximum_is_refused_by_name(tmp_path, score):
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    quick(tmp_path / "in", tmp_path / "out")
    rows = tables(tmp_path / "out")["marks"].assign(score=score)
    rows.to_csv(tmp_path / "out" / "marks.csv", index=False)
    (problem,) = quick(tmp_path / "in", tmp_path / "out")
    assert problem.startswith(f"marks.csv: anna, {FIRST}: a score of {score!r}; expected a number from 0 to 25.0")
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"


@pytest.mark.slow
def test_a_second_folder_adds_to_the_first_and_keeps_copies(tmp_path, capsys):
    out = tmp_path / "out"
    tool.hand_in(solved(), tmp_path / "week 1", "anna", FIRST)
    tool.hand_in(solved(), tmp_path / "week 1", "007", FIRST)
    assert with_pages(tmp_path / "week 1", out) == []
    first = {path.name: path.read_bytes() for path in out.glob("*.csv")}
    rows = pd.read_csv(out / "marks.csv", dtype=str)
    rows.loc[rows.student == "anna", ["score", "needs_manual_grade"]] = "25.0", "False"  # as teachers do
    rows.to_csv(out / "marks.csv", index=False)
    entered = (out / "marks.csv").read_bytes()
    tool.hand_in(tool.changed("2_backward_pass", {}), tmp_path / "week 2", "ben", "2_backward_pass")
    assert quick(tmp_path / "week 2", out) == []
    marks = tables(out)["marks"].set_index("student").score
    assert dict(marks) == {"007": "21.0", "anna": "25.0", "ben": "21.0"}
    (copies,) = (out / "earlier").iterdir()
    assert (copies / "marks.csv").read_bytes() == entered and (copies / "cells.csv").read_bytes() == first["cells.csv"]
    assert len(list((out / "feedback").rglob("*.html"))) == 2
    # the same submission again: what was entered stays; another one: it is replaced, which is said
    assert quick(tmp_path / "week 1", out) == []
    assert "25.0 stays" in capsys.readouterr().out
    tool.hand_in(solved({"layer": "pass"}), tmp_path / "week 1", "anna", FIRST)
    assert with_pages(tmp_path / "week 1", out) == []
    assert "18.0 in place of 25.0" in capsys.readouterr().out
    assert any("pass" not in page.read_text("utf-8")[:100] for page in (out / "earlier").rglob("anna/*.html"))


def test_a_mark_stays_if_the_next_submission_cannot_be_marked(tmp_path, monkeypatch):
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    quick(tmp_path / "in", tmp_path / "out")

    def fails(*_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr(tool, "marked", fails)
    assert quick(tmp_path / "in", tmp_path / "out") == [f"anna, {FIRST}: could not be marked, RuntimeError: no"]
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"


def test_marks_are_written_as_they_are_found(tmp_path, monkeypatch):
    """What was found is there, whole, if the marking is broken off."""
    marked, out = tool.marked, tmp_path / "out"

    def breaks_off(sandbox, path, *rest, **limits):
        if path.parent.name == "bert":
            raise KeyboardInterrupt
        return marked(sandbox, path, *rest, **limits)

    monkeypatch.setattr(tool, "marked", breaks_off)
    for student in ("anna", "bert", "carl"):
        tool.hand_in(solved(), tmp_path / "in", student, FIRST)
    with pytest.raises(KeyboardInterrupt):
        quick(tmp_path / "in", out, jobs=1)
    assert list(tables(out)["marks"].student) == ["anna"] and tables(out)["marks"].score[0] == "21.0"


@pytest.mark.slow
def test_a_process_that_dies_costs_nobody_a_mark(tmp_path, monkeypatch):
    marked, calls = tool.marked, []

    def dies(sandbox, path, *rest, **limits):
        calls.append(path)
        if len(calls) == 2:
            sandbox.process.kill()
            sandbox.process.wait()
        return marked(sandbox, path, *rest, **limits)

    monkeypatch.setattr(tool, "marked", dies)
    for student in ("anna", "bert", "carl"):
        tool.hand_in(solved(), tmp_path / "in", student, FIRST)
    assert quick(tmp_path / "in", tmp_path / "out", jobs=1) == []
    assert list(tables(tmp_path / "out")["marks"].score) == ["21.0"] * 3 and len(calls) == 4


def test_a_page_that_cannot_be_made_costs_no_mark(tmp_path, monkeypatch):
    def fails(*_):
        raise ValueError("no page")

    monkeypatch.setattr(tool, "page", fails)
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    problems = tool.grade(tmp_path / "in", tmp_path / "out")
    assert problems == [f"anna, {FIRST}: its page could not be made (ValueError: no page); its marks are found"]
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"


# ---------------------------------------------------------------- answers in words

SAID = "Because the output is above one half where x is above 0, so theta is minus b."
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def stub(cells=()):
    """The solution, but for its answers in words, which are as handed out; and other texts of cells."""
    given = {cell.id: cell.source for cell in tool.read(tool.COURSE, FIRST, "release")}
    return solved({"threshold": given["threshold"], "hidden_units": given["hidden_units"]} | dict(cells))


def the(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def copied(name, **changes):
    notebook = stub()
    at = [cell.id for cell in notebook.cells].index(name)
    notebook.cells.insert(at + 1, nbformat.from_dict({**notebook.cells[at], "id": "another", **changes}))
    return notebook


def anew():
    """The answer's cell deleted, and another one in its place."""
    notebook = with_cell(f'"{SAID}', after="threshold_question", notebook=stub())
    notebook.cells = [cell for cell in notebook.cells if cell.id != "threshold"]
    return notebook


def pasted(source="![photo](attachment:answer.png)", where="threshold"):
    notebook = stub({where: source} if where == "threshold" else {})
    the(notebook, where).attachments = {"answer.png": {"image/png": PNG}}
    return notebook


WRITTEN = {  # the notebook, and where the teacher is told to look; None: nothing was answered
    "nothing": (stub(), None),
    "an empty cell": (stub({"threshold": " \n"}), None),
    "the stub with more spaces": (stub({"threshold": "\n\n*Write your  answer here.*\n"}), None),
    "code that says nothing": (with_cell("x = 3  # try\nprint('x is', x)", notebook=stub()), None),
    "in its cell": (stub({"threshold": SAID}), "in `threshold`"),
    "below the stub": (stub({"threshold": f"*Write your answer here.*\n\n{SAID}"}), "in `threshold`"),
    "one word": (stub({"threshold": "No"}), "in `threshold`"),
    "in a new cell below": (
        with_cell(f'"{SAID}', after="threshold", notebook=stub()),
        "in a new cell below `threshold`",
    ),
    "in a new cell at the end": (with_cell(f'"{SAID}', after="end", notebook=stub()), "in a new cell below"),
    "in a new cell at the top": (with_cell(f'"{SAID}', after="title", notebook=stub()), "in a new cell at the top"),
    "in a comment": (with_cell(f"# {SAID}", after="threshold", notebook=stub()), "in a new cell below `threshold`"),
    "in a text": (with_cell(f'"""{SAID}"""', after="threshold", notebook=stub()), "in a new cell below `threshold`"),
    "printed": (with_cell(f"print('{SAID}')", after="threshold", notebook=stub()), "in a new cell below `threshold`"),
    "as code": (with_cell(SAID, after="threshold", notebook=stub()), "in a new cell below `threshold`"),
    "in a copy": (copied("threshold", source=SAID), "in a copy of `threshold`"),
    "in a raw copy": (copied("threshold", source=SAID, cell_type="raw"), "in a copy of `threshold`"),
    "in a rewritten cell": (anew(), "in a new cell below `threshold_question`"),
    "in the question": (
        stub({"threshold_question": the(solved(), "threshold_question").source + f"\n\n{SAID}"}),
        "in the question or test `threshold_question`",
    ),
    "in a text of the notebook": (stub({"end": f"{the(solved(), 'end').source}\n\n{SAID}"}), "in a changed cell"),
    "in a test": (stub({"test_layer": f"# {SAID}\npass"}), "in the question or test `test_layer`"),
    "a picture": (pasted(), "in `threshold`"),
    "a picture below the stub": (pasted("*Write your answer here.*\n"), "in `threshold`"),
    "a picture in the stub": (pasted("*Write your answer here.*"), "in `threshold`"),
    "a picture in the question": (pasted("", "threshold_question"), "in the question or test `threshold_question`"),
    "a picture in the text": (stub({"threshold": f"![](data:image/png;base64,{PNG})"}), "in `threshold`"),
    "a picture in HTML, in a new cell": (
        with_cell(f'"<img src="data:image/png;base64,{PNG}"/>', after="threshold", notebook=stub()),
        "in a new cell below `threshold`",
    ),
}


@functools.cache
def written():
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = Path(temporary, "submitted"), Path(temporary, "grades")
        for student, (notebook, _) in WRITTEN.items():
            tool.hand_in(notebook, folder, student, FIRST)
        assert with_pages(folder, out) == []
        pages = {path.parent.name: path.read_text("utf-8") for path in out.rglob("*.html")}
        return tables(out), pages


@pytest.mark.parametrize("student", WRITTEN)
def test_no_answer_is_lost_from_sight(student):
    found, pages = written()
    where = WRITTEN[student][1]
    cell = found["cells"][(found["cells"].student == student) & (found["cells"].cell == "threshold")].iloc[0]
    hand = found["by_hand"][(found["by_hand"].student == student) & (found["by_hand"].cell == "threshold")]
    assert cell.score == "0.0" and cell.needs_manual_grade == str(where is not None)
    assert list(hand["where"].str.contains(where or "", regex=False)) == [True] * (where is not None)
    if where:
        assert SAID in hand.answer.item() or "picture" in student or student == "one word"
        shown = (
            f"data:image/png;base64,{PNG}" if "picture" in student else "No" if student == "one word" else "theta is"
        )
        assert shown in pages[student]


# ---------------------------------------------------------------- files, as they come


def files(folder, **contents):
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def handed_in(folder, tmp_path):
    return tool.HandedIn(folder, tmp_path / "scratch", tool.ASSIGNMENTS, tool.wrong_with)


def zipped(**contents):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return data.getvalue()


GOOD, SECOND = nbformat.writes(solved()), nbformat.writes(tool.changed("2_backward_pass", {}))
OTHER = GOOD.replace("0.5", "0.50")  # the same, but for a space
ANNA = {("anna", FIRST)}
NAMED = {  # the files, who is taken, and what is said of the others
    "a folder": ({f"anna/{FIRST}.ipynb": GOOD}, ANNA, []),
    "two folders": ({f"anna/{FIRST}/{FIRST}.ipynb": GOOD}, ANNA, []),
    "deeper folders": ({f"anna/week 1/mine/{FIRST}.ipynb": GOOD}, ANNA, []),
    "a number in brackets": ({f"anna/{FIRST} (1).ipynb": GOOD}, ANNA, []),
    "a copy": ({f"anna/{FIRST}-Copy1.ipynb": GOOD}, ANNA, []),
    "final, and other letters": ({"anna/1_Unit_And_Layer_FINAL.ipynb": GOOD}, ANNA, []),
    "spaces, and capitals at the end": ({"anna/1 unit and layer.IPYNB": GOOD}, ANNA, []),
    "a name in the file's": ({f"anna/anna_{FIRST}_v2.ipynb": GOOD}, ANNA, []),
    "the assignment's folder only": ({f"anna/{FIRST}/notebook.ipynb": GOOD}, ANNA, []),
    "checkpoints and other leavings": (
        {
            f"anna/{FIRST}.ipynb": GOOD,
            f"anna/.ipynb_checkpoints/{FIRST}-checkpoint.ipynb": OTHER,
            f"__MACOSX/anna/._{FIRST}.ipynb": b"\0\1",
            "anna/.DS_Store": b"\0",
        },
        ANNA,
        [],
    ),
    "the same file twice": ({f"anna/{FIRST}.ipynb": GOOD, f"anna/{FIRST} (1).ipynb": GOOD}, ANNA, []),
    "the right name and another": (
        {f"anna/{FIRST}.ipynb": GOOD, f"anna/{FIRST} (1).ipynb": OTHER},
        ANNA,
        [f"anna/{FIRST} (1).ipynb: handed in twice"],
    ),
    "two other names": (
        {f"anna/{FIRST}-Copy1.ipynb": GOOD, f"anna/{FIRST}_final.ipynb": OTHER},
        set(),
        [f"anna/{FIRST}-Copy1.ipynb: handed in twice", f"anna/{FIRST}_final.ipynb: handed in twice"],
    ),
    "txt at the end": ({f"anna/{FIRST}.ipynb.txt": GOOD}, ANNA, [f"anna/{FIRST}.ipynb.txt: taken as a notebook"]),
    "a loose file with a name": ({f"anna_{FIRST}.ipynb": GOOD}, ANNA, [f"anna_{FIRST}.ipynb: taken as anna's {FIRST}"]),
    "a loose file without": ({f"{FIRST}.ipynb": GOOD}, set(), [f"{FIRST}.ipynb: whose is it?"]),
    "a loose copy": ({f"{FIRST}-Copy1 (2).ipynb": GOOD}, set(), [f"{FIRST}-Copy1 (2).ipynb: whose is it?"]),
    "a loose file of another kind": ({"ben.pdf": b"%PDF"}, set(), ["ben.pdf: neither a notebook nor a folder"]),
    "a page or a program": (
        {f"anna/{FIRST}.html": b"<html>", f"ben/{FIRST}.py": b"pass"},
        set(),
        [f"anna/{FIRST}.html: not a notebook", f"ben/{FIRST}.py: not a notebook"],
    ),
    "an archive of another kind": (
        {f"ben/{FIRST}.ipynb": GOOD, "ben/work.rar": b"Rar!"},
        {("ben", FIRST)},
        ["ben/work.rar: an archive that is not opened"],
    ),
    "nothing": ({"anna/.DS_Store": b"\0"}, set(), ["anna: no notebook"]),
    "Moodle, by folders": (
        {
            f"Jane Smith_1234_assignsubmission_file_/{FIRST}.ipynb": GOOD,
            f"Tom Jones_1235_assignsubmission_file_/{FIRST} (1).ipynb": GOOD,
        },
        {("Jane Smith", FIRST), ("Tom Jones", FIRST)},
        [],
    ),
    "Moodle, flat": (
        {
            f"Jane Smith_1234_assignsubmission_file_{FIRST}.ipynb": GOOD,
            f"Tom Jones_1235_assignsubmission_file_tom_{FIRST}.ipynb": GOOD,
        },
        {("Jane Smith", FIRST), ("Tom Jones", FIRST)},
        [],
    ),
    "two of one name": (
        {
            f"Jane Smith_1234_assignsubmission_file_/{FIRST}.ipynb": GOOD,
            f"Jane Smith_1299_assignsubmission_file_/{FIRST}.ipynb": OTHER,
        },
        {("Jane Smith_1234", FIRST), ("Jane Smith_1299", FIRST)},
        [],
    ),
    "one of Moodle's students, with another number for each assignment": (
        {
            f"Jane Smith_1234_assignsubmission_file_/{FIRST}.ipynb": GOOD,
            "Jane Smith_1299_assignsubmission_file_/2_backward_pass.ipynb": SECOND,
        },
        {("Jane Smith", FIRST), ("Jane Smith", "2_backward_pass")},
        [],
    ),
    "Canvas": (
        {f"smithjane_12_345_{FIRST}-2.ipynb": GOOD, "jonestom_LATE_13_346_2_backward_pass.ipynb": SECOND},
        {("smithjane", FIRST), ("jonestom", "2_backward_pass")},
        [],
    ),
    "Canvas, in an archive": (
        {"submissions.zip": zipped(**{f"smithjane_12_345_{FIRST}.ipynb": GOOD})},
        {("smithjane", FIRST)},
        [],
    ),
    "Moodle, in an archive": (
        {"course-1.zip": zipped(**{f"Jane Smith_1_assignsubmission_file_/{FIRST}.ipynb": GOOD})},
        {("Jane Smith", FIRST)},
        [],
    ),
    "Moodle's folders in one more": (
        {
            f"week/Jane Smith_12_assignsubmission_file_/{FIRST}.ipynb": GOOD,
            f"week/Jane Smith_13_assignsubmission_file_/{FIRST}.ipynb": OTHER,
        },
        {("Jane Smith_12", FIRST), ("Jane Smith_13", FIRST)},
        [],
    ),
    "folders in an archive, in a folder": (
        {"all.zip": zipped(**{f"all/anna/{FIRST}.ipynb": GOOD, f"all/ben/{FIRST}.ipynb": GOOD})},
        {("anna", FIRST), ("ben", FIRST)},
        [],
    ),
    "a student's own archive": ({"anna/work.zip": zipped(**{f"work/{FIRST}.ipynb": GOOD})}, ANNA, []),
    "an archive in an archive": (
        {"all.zip": zipped(**{"anna/work.zip": zipped(**{f"{FIRST}.ipynb": GOOD})})},
        ANNA,
        [],
    ),
    "an archive that leads out": (
        {f"anna/{FIRST}.ipynb": GOOD, "ben/work.zip": zipped(**{f"../../{FIRST}.ipynb": GOOD})},
        ANNA,
        [f"ben/work.zip/../../{FIRST}.ipynb: leads out of the archive"],
    ),
    "a damaged archive": ({"ben/work.zip": b"PK\3\4"}, set(), ["ben/work.zip: cannot be unpacked"]),
    "another assignment under this name": (
        {f"anna/{FIRST}.ipynb": SECOND},
        set(),
        [f"anna/{FIRST}.ipynb: this is the notebook of 2_backward_pass; expected that of {FIRST}"],
    ),
    "one assignment in another's folder": (
        {f"anna/2_backward_pass/{FIRST}.ipynb": GOOD},
        set(),
        [f"anna/2_backward_pass/{FIRST}.ipynb: for which of"],
    ),
    "two assignments in a name": (
        {f"anna/{FIRST} and 2_backward_pass.ipynb": GOOD},
        set(),
        [f"anna/{FIRST} and 2_backward_pass.ipynb: for which of"],
    ),
    "no assignment's name": (
        {"anna/homework.ipynb": GOOD},
        set(),
        [f"anna/homework.ipynb: there is no assignment 'homework'; expected one of {', '.join(SIX)} (it holds"],
    ),
    "an empty file": ({f"anna/{FIRST}.ipynb": b""}, set(), [f"anna/{FIRST}.ipynb: not a notebook, or a damaged one"]),
    "other letters": (
        {f"anna/{FIRST}.ipynb": GOOD.encode("utf-16"), f"ben/{FIRST}.ipynb": b"\xef\xbb\xbf" + GOOD.encode()},
        {*ANNA, ("ben", FIRST)},
        [],
    ),
    "numbers for students": (
        {f"007/{FIRST}.ipynb": GOOD, f"NA/{FIRST}.ipynb": GOOD},
        {("007", FIRST), ("NA", FIRST)},
        [],
    ),
}


@pytest.mark.parametrize("kind", NAMED)
def test_files_are_taken_or_named(kind, tmp_path):
    contents, taken, told = NAMED[kind]
    files(tmp_path / "in", **contents)
    found = handed_in(tmp_path / "in", tmp_path)
    assert set(found.found) == taken
    assert len(found.problems) == len(told), found.problems
    for sentence in told:
        assert any(problem.startswith(sentence) for problem in found.problems), found.problems
        assert all("\n" not in problem for problem in found.problems)


def test_links_are_not_followed(tmp_path):
    files(tmp_path, secret=GOOD, **{f"in/anna/{FIRST}.ipynb": GOOD})
    (tmp_path / "in" / "ben").mkdir()
    (tmp_path / "in" / "ben" / f"{FIRST}.ipynb").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "carl").symlink_to(tmp_path / "in" / "anna")
    os.mkfifo(tmp_path / "in" / "anna" / "2_backward_pass.ipynb")
    found = handed_in(tmp_path / "in", tmp_path)
    assert set(found.found) == ANNA
    told = "\n".join(found.problems)
    assert f"ben/{FIRST}.ipynb: a link" in told and "carl: a link" in told
    assert "anna/2_backward_pass.ipynb: neither a file" in told and len(found.problems) == 3


# ---------------------------------------------------------------- notebooks, as they come


def plain(change):
    """The solution as JSON, with something changed that no program of Jupyter's would write."""
    content = json.loads(GOOD)
    change(content)
    return json.dumps(content)


def of(number, **more):
    return lambda content: content["cells"][number].update(more)


HEADING = {"cell_type": "heading", "level": 1, "metadata": {}, "source": "x"}
BROKEN = {
    "id null": of(3, id=None),
    "an id with other characters": of(3, id="#VSC-1a2b"),
    "a number for an id": of(3, id=7),
    "all ids the same": lambda content: [cell.update(id="a") for cell in content["cells"]],
    "a heading": lambda content: content["cells"].insert(3, HEADING),
    "an unknown type": of(2, cell_type="video"),
    "no type": lambda content: content["cells"][2].pop("cell_type"),
    "outputs null": of(3, outputs=None),
    "outputs of an unknown kind": of(3, outputs=[{"output_type": "hologram"}, None, 3]),
    "metadata null": of(2, metadata=None),
    "a text that is a list": of(2, source=["a\n", "b"]),
    "a text that is null": of(2, source=None),
    "a cell that is null": lambda content: content["cells"].insert(2, None),
    "attachments null": of(2, attachments=None),
    "attachments of code": of(3, attachments={"a.png": {"image/png": PNG}}),
    "attachments that are none": of(2, attachments={"a.png": None, "b": {"image/png": 3, "text/html": "<b>"}}),
    "half of a character": of(2, source="\ud83d"),
    "widgets without a state": lambda content: content["metadata"].update(
        widgets={"application/vnd.jupyter.widget-state+json": {"0a1b": {"model_name": "FloatProgressModel"}}}
    ),
    "no metadata": lambda content: content.pop("metadata"),
    "another kernel": lambda content: content["metadata"].update(kernelspec={"name": "julia", "display_name": "Julia"}),
    "a kernel that is null": lambda content: content["metadata"].update(kernelspec=None, language_info=None),
    "a later format": lambda content: content.update(nbformat_minor=99),
    "a format of the future": lambda content: content.update(nbformat=7),
    "format 3": lambda content: content.update(
        nbformat=3, worksheets=[{"cells": [{**c, "input": c["source"]} for c in content.pop("cells")]}]
    ),
    "nbgrader's own metadata lost": lambda content: [cell.update(metadata={}) for cell in content["cells"]],
    "nbgrader's metadata of another type": of(2, metadata={"nbgrader": 3, "tags": "skip-execution"}),
}


@pytest.mark.slow
def test_broken_notebooks_are_put_in_order(tmp_path):
    files(tmp_path / "in", **{f"{student}/{FIRST}.ipynb": plain(change) for student, change in BROKEN.items()})
    assert quick(tmp_path / "in", tmp_path / "out") == []
    marks = tables(tmp_path / "out")["marks"]
    assert dict(zip(marks.student, marks.score, strict=True)) == dict.fromkeys(BROKEN, "21.0")


# ---------------------------------------------------------------- the teacher's machine


def called(folder, out, **environment):
    done = subprocess.run(
        [sys.executable, REPOSITORY / "tools" / "assignments.py", "grade", folder, "--out", out],
        env=os.environ | {"TQDM_DISABLE": "1"} | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_the_teachers_machine_does_not_decide(tmp_path):
    tool.hand_in(solved({"layer": f"{LAYER}    return logistic(W @ y)"}), tmp_path / "in", "anna", FIRST)
    kernel = {"argv": ["/bin/false", "-f", "{connection_file}"], "display_name": "Python 3", "language": "python"}
    evil = "raise SystemExit('the teacher has something of this name')"
    files(
        tmp_path,
        **{
            "share/kernels/python3/kernel.json": json.dumps(kernel),
            "share/nbconvert/templates/feedback/index.html.j2": "no page",
            "ipython/profile_default/startup/00.py": "import numpy\nnumpy.allclose = lambda *a, **k: True",
            "ipython/profile_default/ipython_config.py": evil,
            "home/.jupyter/nbgrader_config.py": evil,
            "home/.config/matplotlib/matplotlibrc": "backend: none",
            "path/random.py": evil,
        },
    )
    code, said = called(
        tmp_path / "in",
        tmp_path / "out",
        JUPYTER_PATH=str(tmp_path / "share"),
        JUPYTER_CONFIG_DIR=str(tmp_path / "home" / ".jupyter"),
        IPYTHONDIR=str(tmp_path / "ipython"),
        HOME=str(tmp_path / "home"),
        PYTHONOPTIMIZE="2",
        PYTHONWARNINGS="error",
        PYTHONHASHSEED="7",
        MPLBACKEND="none",
        LC_ALL="C",
        TMPDIR=str(tmp_path),
    )
    assert code == 0, said
    assert tables(tmp_path / "out")["marks"].score[0] == "18.0"
    page = (tmp_path / "out" / "feedback" / "anna" / f"{FIRST}.html").read_text("utf-8")
    assert "expected" in page and "image/png" in page


# ---------------------------------------------------------------- out of reach


def test_a_submission_reaches_no_file_but_its_own(tmp_path):
    """The solution and the tests, other submissions, the marks: neither read nor written nor listed."""
    out, other = tmp_path / "out", tmp_path / "in" / "bert" / f"{FIRST}.ipynb"
    paths = [tool.COURSE / "source" / FIRST / f"{FIRST}.ipynb", other, out / "marks.csv", tmp_path / "in"]
    spy = f"""
import ctypes, glob, io, mmap, os, shutil, socket, sqlite3, subprocess, sys
from pathlib import Path

tried = {{}}


def attempt(name, function):
    try:
        tried[name] = repr(function())[:200]
    except BaseException as error:
        tried[name] = type(error).__name__


for path in {[str(path) for path in paths]!r}:
    attempt("open " + path, lambda: open(path).read())
    attempt("os.open " + path, lambda: os.read(os.open(path, os.O_RDONLY), 100))
    attempt("write " + path, lambda: open(path, "a").write("x"))
    attempt("list " + path, lambda: os.listdir(os.path.dirname(path))[0])
    attempt("glob " + path, lambda: glob.glob(os.path.dirname(path) + "/*")[0])
    attempt("load " + path, lambda: np.fromfile(path, dtype=np.uint8)[0])
    attempt("remove " + path, lambda: os.remove(path))
    attempt("rename " + path, lambda: os.rename(path, "mine"))
    attempt("link " + path, lambda: os.symlink(path, "link") or open("link").read())
    attempt("hard link " + path, lambda: os.link(path, "hard") or open("hard").read())
    attempt("copy " + path, lambda: shutil.copy(path, "copy"))
    attempt("relative " + path, lambda: open(os.path.relpath(path)).read())
    attempt("descriptor " + path, lambda: open("/proc/self/root" + path).read())
attempt("parent", lambda: open(f"/proc/{{os.getppid()}}/mem", "rb").read(1))
attempt("environment", lambda: open(f"/proc/{{os.getppid()}}/environ", "rb").read(1))
attempt("subprocess", lambda: subprocess.run(["cat", "/etc/passwd"], capture_output=True).stdout[0])
attempt("os.system", lambda: 1 / os.system("true"))
attempt("popen", lambda: os.popen("id").read())
attempt("fork", lambda: os.fork())
attempt("socket", lambda: socket.create_connection(("127.0.0.1", 22), timeout=1))
attempt("database", lambda: sqlite3.connect({str(out / "gradebook.db")!r}).execute("create table a (b)"))
attempt("library", lambda: ctypes.CDLL(None).getpid())
attempt("signal", lambda: os.kill(os.getppid(), 9))
attempt("secrets", lambda: {{k: v for k, v in os.environ.items() if "SECRET" in k}}["A_SECRET"])
attempt("mine", lambda: Path("own.txt").write_text("yes") and Path("own.txt").read_text())
print(tried)
"""
    os.environ["A_SECRET"] = "hush"
    try:
        tool.hand_in(with_cell(spy), tmp_path / "in", "anna", FIRST)
        tool.hand_in(solved(), tmp_path / "in", "bert", FIRST)
        before = other.read_bytes()
        files(out, **{"marks.csv": "student,assignment,score,max_score,needs_manual_grade\n"})
        with tool.Sandbox() as sandbox:
            cells, _ = tool.restored(
                tool.read_submission(tmp_path / "in" / "anna" / f"{FIRST}.ipynb"), tool.ours(FIRST)
            )
            for _ in tool.run(sandbox, cells, tool.ours(FIRST), pictures=False):
                pass
    finally:
        del os.environ["A_SECRET"]
    (cell,) = [cell for cell in cells if cell.source == spy]
    assert cell.outputs[0].output_type == "stream", cell.outputs
    tried = ast.literal_eval(cell.outputs[0].text)
    assert tried.pop("mine") == "'yes'"
    reached = {name: got for name, got in tried.items() if not (got.endswith(("Error", "Exception")))}
    assert reached == {}
    assert other.read_bytes() == before and (out / "marks.csv").exists() and not (out / "gradebook.db").exists()


LIMITS = {  # a cell that takes more than it may; each ends, or is refused, and the rest goes on
    "memory": "x = bytearray(8 << 30)",
    "a large file": "with open('x', 'wb') as file:\n    while True:\n        file.write(bytes(1 << 20))",
    "open files": "x = [open(f'{n}', 'w') for n in range(1000)]",
    "time": "while True:\n    pass",
}


@pytest.mark.parametrize("kind", LIMITS)
def test_a_submission_has_limits(kind, tmp_path):
    tool.hand_in(with_cell(LIMITS[kind]), tmp_path / "in", "anna", FIRST)
    assert quick(tmp_path / "in", tmp_path / "out", seconds=3, memory=2 << 30) == []
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"


CALLS = """
import time

pauses = {pauses}


def terminal_velocity(dE_dw, epsilon, alpha):
    w, velocity = np.zeros(len(dE_dw)), np.zeros(len(dE_dw))
    for sweep in range({sweeps}):
        w, velocity = momentum_step(w, velocity, dE_dw, epsilon, alpha)
        time.sleep(pauses.pop() if pauses else 0)
    return velocity
"""


@pytest.mark.slow
@pytest.mark.parametrize(("sweeps", "pauses", "points"), [(1000, [0.015] * 200, "2.0"), (10**9, [], "0.0")])
def test_calls_of_functions_of_the_test_are_timed_by_their_work(sweeps, pauses, points, tmp_path):
    """The first answer takes 3 seconds by the clock, as on a busy machine, and little work. The second never ends."""
    name = "3_descent"
    slow = tool.changed(name, {"terminal_velocity": CALLS.format(sweeps=sweeps, pauses=pauses)})
    tool.hand_in(slow, tmp_path / "in", "anna", name)
    assert quick(tmp_path / "in", tmp_path / "out", seconds=2) == []
    cells = tables(tmp_path / "out")["cells"].set_index("cell").score
    assert cells["test_terminal_velocity"] == points and cells["test_train"] == "3.0"


@pytest.mark.slow
def test_the_whole_notebook_has_a_limit(tmp_path):
    loops = {
        name: f"{the(solved(), name).source}\n\nwhile True:\n    pass" for name in ("total_input", "layer", "gates")
    }
    tool.hand_in(solved(loops), tmp_path / "in", "anna", FIRST)
    started = time.monotonic()
    assert quick(tmp_path / "in", tmp_path / "out", seconds=3, whole=7) == []
    assert time.monotonic() - started < 25
    cells = tables(tmp_path / "out")["cells"].set_index("cell").score
    assert cells["test_total_input"] == "2.0" and cells["test_xor"] == "0.0"


def test_the_tests_are_not_where_the_submission_runs(tmp_path):
    """Neither the text of a test nor what it expects can be found in the process that runs a function."""
    spy = f"""
def layer(y, W, b):
    import inspect, sys
    found = []
    frame = sys._getframe()
    while frame:
        found += [frame.f_code.co_name, *map(str, frame.f_locals), *map(str, frame.f_globals)]
        frame = frame.f_back
    assert not [name for name in found if name.startswith("test_") or name in ("expected", "where", "rng")], found
    for module in list(sys.modules.values()):
        assert not any(name.startswith("test_layer") for name in dict(vars(module)) if isinstance(name, str))
    {RIGHT.splitlines()[1].strip()}
"""
    tool.hand_in(solved({"layer": spy}), tmp_path / "in", "anna", FIRST)
    assert quick(tmp_path / "in", tmp_path / "out") == []
    assert tables(tmp_path / "out")["marks"].score[0] == "21.0"


# ---------------------------------------------------------------- what students see


@pytest.mark.parametrize("name", [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in SIX[1:])])
def test_the_solution_passes_in_a_kernel(name):
    """As students run it: the visible tests in a notebook, after the solutions have been written in."""
    notebook = tool.changed(name, {}, "release")
    for cell, source in zip(notebook.cells, tool.read(tool.COURSE, name), strict=True):
        if tool.is_answer(cell) and cell.cell_type == "code":
            cell.source = source.source
        if "nbgrader" not in cell.metadata and cell.cell_type == "code":
            cell.source = ""  # pictures are tried in the browser
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()


def said_in_a_kernel(*cells):
    """What the first test says after cells that a student has written."""
    notebook = tool.changed(FIRST, {}, "release")
    wanted = [cell for cell in notebook.cells if cell.id in ("tools", "total_input", "test_total_input")]
    wanted[1].source = the(solved(), "total_input").source
    notebook.cells = [wanted[0], *map(nbformat.v4.new_code_cell, cells), *wanted[1:]]
    NotebookClient(notebook, kernel_name="python3", timeout=60, allow_errors=True).execute()
    return "\n".join(output.get("text", output.get("evalue", "")) for output in notebook.cells[-1].outputs)


@pytest.mark.slow
def test_visible_tests_say_that_a_builtin_was_overwritten():
    assert said_in_a_kernel("x = 3") == "total_input is right\n"
    for cells, name in (
        (["sum = 0"], "sum"),
        (["list = [1]"], "list"),
        (["print = 3"], "print"),
        (["from numpy import *"], "sum"),
    ):
        text = said_in_a_kernel(*cells)
        assert text.startswith("Careful: a cell has overwritten") and name in text.split("which is builtin")[0]


def test_students_are_told_of_limits_and_of_old_pythons():
    for name in SIX:
        cells = {cell.id: cell.source for cell in tool.read(tool.COURSE, name, "release")}
        assert "30 seconds" in cells["title"] and "ten minutes" in cells["title"]
        old = cells["tools"].replace("sys.version_info >= (3, 10)", "(3, 8) >= (3, 10)")
        assert old != cells["tools"]
        with pytest.raises(AssertionError, match=r"expected Python 3\.10 or newer, this is 3"):
            exec(old, {"__name__": "__main__"})


# ---------------------------------------------------------------- pages


HOSTILE = (
    "<script>window.hit = 1</script>"
    "<img src=x onerror='window.hit = 2'>"
    "<svg onload='window.hit = 3'><script>window.hit = 3</script></svg>"
    "<iframe srcdoc='<script>parent.hit = 4</script>'></iframe>"
    "<a href='javascript:window.hit = 5'>go</a>"
    "<details open ontoggle='window.hit = 6'>x</details>"
    "<style>* { background: url(javascript:1) }</style><object data='data:text/html,<script>1</script>'></object>"
    "<form action='javascript:window.hit = 7'><button autofocus onfocus='window.hit = 7'>x</button></form>"
)


DISPLAY = "from IPython.display import HTML, SVG, Javascript, Markdown, display"


def hostile():
    """Answers, cells, outputs and errors with code that would run in a page."""
    show = f"{DISPLAY}\n\nTEXT = {HOSTILE!r}\n"
    shown = "display(HTML(TEXT), Markdown(TEXT), SVG(f'<svg xmlns=\"http://www.w3.org/2000/svg\">{TEXT}</svg>'))\n"
    shown += "display({'image/png': f'\">{TEXT}'}, raw=True)\n"
    shown += "display(Javascript('window.hit = 8'))\nprint(TEXT)\nHTML(TEXT)"
    notebook = with_cell(
        show + shown, notebook=solved({"threshold": HOSTILE, "layer": f"raise ValueError({HOSTILE!r})"})
    )
    notebook = with_cell(f'"{HOSTILE}', after="threshold", notebook=notebook)
    for cell in notebook.cells:
        cell.metadata.tags = ["x' onmouseover='window.hit = 9"]
    the(notebook, "threshold").attachments = {"a'><script>window.hit = 10</script>": {"text/html": HOSTILE}}
    return notebook


@pytest.mark.slow
def test_pages_hold_nothing_that_runs(tmp_path):
    tool.hand_in(hostile(), tmp_path / "in", "anna", FIRST)
    assert tool.grade(tmp_path / "in", tmp_path / "out") == []
    page = (tmp_path / "out" / "feedback" / "anna" / f"{FIRST}.html").read_text("utf-8")

    class Parser(HTMLParser):
        found = ()

        def handle_starttag(self, tag, attributes):
            for name, value in attributes:
                if (
                    name.startswith("on")
                    or "hit =" in (value or "")
                    or (value or "").startswith(("javascript:", "data:text"))
                ):
                    self.found += ((tag, name, value),)
            if tag in ("iframe", "object", "svg", "form", "button"):
                self.found += (tag,)

        def handle_data(self, data):
            if self.lasttag == "script" and "hit" in data and self.cdata_elem == "script":
                self.found += (data,)

    parser = Parser()
    parser.feed(page)
    assert parser.found == ()


@pytest.mark.slow
def test_pages_are_cut_short_whatever_makes_them_long(tmp_path):
    long = "x" * 3_000_000
    cases = {
        "text": with_cell("print('x' * 3_000_000)"),
        "lines": with_cell("for n in range(100_000):\n    print(n, '.' * 50)"),
        "HTML": with_cell(f"{DISPLAY}\n\nHTML('<b>x</b>' * 1_000_000)"),
        "many displays": with_cell(f"{DISPLAY}\n\nfor n in range(9999):\n    display(HTML('x' * 9999))"),
        "a result": with_cell("'x' * 3_000_000"),
        "an array": with_cell("np.set_printoptions(threshold=10**9)\nnp.zeros(500_000)"),
        "an error": with_cell("raise ValueError('x' * 3_000_000)"),
        "an error in a test": solved({"layer": f"{LAYER}    raise ValueError('x' * 3_000_000)"}),
        "what a test got": solved({"layer": f"{LAYER}    return 'x' * 3_000_000"}),
        "a picture": with_cell("plt.figure(figsize=(90, 90)).add_subplot().imshow(np.random.rand(999, 999))"),
        "code": with_cell(f"x = '{long}'"),
        "an answer": solved({"threshold": long}),
        "many cells": with_cell("1"),
    }  # fmt: skip
    cases["many cells"].cells[3:3] = [nbformat.v4.new_markdown_cell(f"{n} " * 3000) for n in range(500)]
    for student, notebook in cases.items():
        folder = "whole" if student in ("a picture", "many cells") else "without its own pictures"
        tool.hand_in(notebook, tmp_path / folder, student, FIRST)
    assert tool.grade(tmp_path / "whole", tmp_path / "out") == []
    assert with_pages(tmp_path / "without its own pictures", tmp_path / "out") == []
    sizes = {path.parent.name: path.stat().st_size for path in (tmp_path / "out").rglob("*.html")}
    assert sizes.keys() == cases.keys() and max(sizes.values()) < 3_000_000, sizes


# ---------------------------------------------------------------- nbgrader's own way


@pytest.mark.slow
def test_nbgrader_finds_the_same_marks(tmp_path):
    """autograde in a course of its own, with the configuration that teachers copy."""
    unruly_ones = {"a loop": UNRULY["an infinite loop outside of a function"], "sum": UNRULY["sum = 0"]}
    tool.generate(tmp_path, [FIRST])
    api = tool.course(tmp_path)
    for student, (notebook, _) in unruly_ones.items():
        folder = tmp_path / "submitted" / student / FIRST
        folder.mkdir(parents=True)
        (folder / f"{FIRST}.ipynb").write_text(json.dumps(notebook), "utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, of nbgrader
            tool.done(api.autograde(FIRST, student))
    with api.gradebook as gradebook:
        for student, (_, lost) in unruly_ones.items():
            grades = gradebook.find_submission_notebook(FIRST, FIRST, student).grades
            assert {grade.name for grade in grades if grade.name in ALL and grade.score < grade.max_score} == lost
