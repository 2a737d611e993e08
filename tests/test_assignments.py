"""The assignments, and the marking of them: every way to be wrong costs the marks that it should, and no others."""

import functools
import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbgrader.nbgraderformat import MetadataValidator

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tools"))

import assignments as tool  # noqa: E402

SIX = ("1_unit_and_layer", "2_backward_pass", "3_descent", "4_symmetry", "5_family_trees", "6_time")
POINTS = dict.fromkeys(SIX, 25)
FIRST = "1_unit_and_layer"

each = pytest.mark.parametrize("name", tool.ASSIGNMENTS)
graded = functools.cache(tool.graded)  # tests of the same assignment share one marking of all its submissions


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


@each
def test_marks_are_lost_where_the_mistake_is(name):
    scores, points = graded(name)
    lost = {title: {test for test in scores if row[test] != points[test]} for title, row in scores.iterrows()}
    assert lost == {title: tests for title, (_, tests) in tool.submissions(name).items()}
    assert set(scores.to_numpy().ravel()) <= {0, *points}, "all or nothing"


@each
def test_the_guides_table_is_not_stale(name):
    assert (tool.COURSE / "README.md").read_text("utf-8") == tool.table(name, *graded(name)), (
        "python tools/assignments.py table"
    )


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


def with_cell(source, after="tools"):
    notebook = solved()
    at = [cell.id for cell in notebook.cells].index(after)
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(source))
    return notebook


def old_format():
    notebook = solved()
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    return notebook


LAYER = "def layer(y, W, b):\n"
STUBBORN = """    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""
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
}


@functools.cache
def unruly():
    """Marked with a limit of three seconds, beside what cannot be marked: (marks, cells, problems, sizes of pages)."""
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
            f"frida/{FIRST}/{FIRST}.ipynb": good,
            f"[gert] *?/{FIRST}.ipynb": good,
            f"hans/homework/{FIRST}.ipynb": good,
            "ines/notes.txt": "sorry",
        }.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, "utf-8")
        problems = tool.grade(folder, out, timeout=3)
        marks, cells = (pd.read_csv(out / f"{name}.csv") for name in ("marks", "cells"))
        pages = {path.relative_to(out / "feedback").as_posix(): path.stat().st_size for path in out.rglob("*.html")}
    return marks, cells, problems, pages


@pytest.mark.parametrize("student", UNRULY)
def test_an_unruly_submission_loses_only_its_own_marks(student):
    _, cells, _, pages = unruly()
    rows = cells[(cells.student == student) & cells.cell.isin(ALL)]
    assert set(rows.cell) == ALL
    assert set(rows.cell[rows.score < rows.max_score]) == UNRULY[student][1]
    assert set(rows.score) <= {0, *rows.max_score} and rows.max_score.sum() == 21
    assert pages[f"{student}/{FIRST}.html"] < 2_000_000


def test_what_cannot_be_marked_is_named_and_stops_no_one():
    marks, cells, problems, pages = unruly()
    told = "\n".join(problems)
    for sentence in (
        "anna/scratch.ipynb: there is no assignment 'scratch'; expected one of 1_unit_and_layer",
        f"bert/{FIRST}.ipynb: not a notebook, or a damaged one",
        f"carl/{FIRST}.py: not a notebook; expected {FIRST}.ipynb",
        f"dora/{FIRST}.ipynb: holds none of the cells of {FIRST}; expected the notebook that was handed out",
        f"emil/{FIRST}.ipynb: not a notebook, or a damaged one",
        f"frida/{FIRST}/{FIRST}.ipynb: handed in twice; expected one file",
        f"hans/homework/{FIRST}.ipynb: there is no assignment 'homework'; expected the folder's name to be '{FIRST}'",
        "ines: no notebook; expected",
    ):
        assert sentence in told
    assert len(problems) == 8
    assert set(marks.student) == {*UNRULY, "anna", "frida", "[gert] *?"}
    others = marks.set_index("student").loc[["anna", "frida", "[gert] *?"]]
    assert list(others.score) == [21, 21, 21] and all(others.needs_manual_grade)
    assert list(marks.columns) == ["student", "assignment", "score", "max_score", "needs_manual_grade"]
    assert cells.groupby(["student", "assignment"]).max_score.sum().eq(25).all()
    assert len(pages) == len(marks)


def test_a_submission_that_nbgrader_cannot_mark_is_reported(tmp_path, monkeypatch):
    marked = tool.marked

    def fails_for_bert(generated, path, *rest):
        tool.done({"success": path.parent.name != "bert", "log": "...\n  ValueError: no\n[ERROR] see above"})
        return marked(generated, path, *rest)

    monkeypatch.setattr(tool, "marked", fails_for_bert)
    for student in ("anna", "bert"):
        tool.hand_in(solved(), tmp_path / "in", student, FIRST)
    problems = tool.grade(tmp_path / "in", tmp_path / "out", jobs=1)
    assert problems == [f"bert, {FIRST}: could not be marked, RuntimeError: nbgrader says ValueError: no"]
    marks = pd.read_csv(tmp_path / "out" / "marks.csv", index_col="student")
    assert marks.score["anna"] == 21 and pd.isna(marks.score["bert"])


def command(*arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["assignments.py", *map(str, arguments)])
    tool.main()


def test_wrong_folders_are_refused_by_name(tmp_path, monkeypatch):
    empty, other = tmp_path / "empty", tmp_path / "other"
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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "other"]


def test_marks_come_whole_and_the_exit_says_what_is_missing(tmp_path, monkeypatch, capsys):
    tool.hand_in(solved(), tmp_path / "in", "anna", FIRST)
    tool.hand_in(nbformat.v4.new_notebook(), tmp_path / "in", "bert", FIRST)
    out = tmp_path / "runs" / "grades"
    out.mkdir(parents=True)
    (out / "marks.csv").write_text("earlier marks")
    (out / "of an earlier run").touch()
    before = {path: path.stat().st_mtime_ns for path in tool.COURSE.rglob("*")}
    with pytest.raises(SystemExit, match=r"^not marked:\nbert/1_unit_and_layer.ipynb: holds none"):
        command("grade", tmp_path / "in", "--out", out, monkeypatch=monkeypatch)
    assert "written to" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["cells.csv", "feedback", "marks.csv"]
    assert [path.name for path in out.parent.iterdir()] == ["grades"]
    assert {path: path.stat().st_mtime_ns for path in tool.COURSE.rglob("*")} == before
