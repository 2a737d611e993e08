"""The classroom's assignments: hand out, mark, and show how the marking was tested.

python tools/assignments.py generate                 source/ -> release/, what students get
python tools/assignments.py grade FOLDER             marks, marks of each cell, and feedback, into runs/grades
python tools/assignments.py table                    mark tests/submissions/ and write their table into the guide
"""

import argparse
import json
import os
import re
import runpy
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import nbformat
import pandas as pd
from joblib import Parallel, delayed
from nbgrader.apps.api import NbGraderAPI
from tqdm import tqdm
from traitlets.config import PyFileConfigLoader

from bp.files import REPOSITORY, write_whole

COURSE = REPOSITORY / "notebooks" / "assignments"
SUBMISSIONS = REPOSITORY / "tests" / "submissions"
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for kernels, of which several run at a time
ASSIGNMENTS = sorted(path.stem for path in COURSE.glob("source/*/*.ipynb"))
KEYS = ["student", "assignment"]


def read(root, name, folder="source"):
    """The cells of an assignment of the course in folder `root`."""
    return nbformat.read(Path(root) / folder / name / f"{name}.ipynb", as_version=4).cells


def course(root, **settings):
    """nbgrader on a course in folder `root`, with the settings of ours; `timeout=3` is one of its Execute."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(COURSE)).load_config()
    config.CourseDirectory.root = str(root)
    config.Execute.update(settings)
    return NbGraderAPI(config=config, log_level="ERROR")


def done(result):
    """Stop if a call of nbgrader failed. Its error says to see its log, and there the last error says what is wrong."""
    if not result["success"]:
        told = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)$", result.get("log") or result["error"], re.MULTILINE)
        raise RuntimeError(f"nbgrader says {told[-1] if told else result}")


def generate(root, assignments):
    """A course in folder `root`: what students get, in release/, and the gradebook that knows the hidden tests."""
    api = course(root)
    for name in assignments:
        shutil.copytree(COURSE / "source" / name, Path(root) / "source" / name)
        done(api.generate_assignment(name))


def release(target=COURSE):
    """Write release/ of all assignments into folder `target`; no gradebook is left there."""
    with tempfile.TemporaryDirectory() as root:
        generate(root, ASSIGNMENTS)
        put(Path(root) / "release", target / "release")


# ---------------------------------------------------------------- submissions


def handed_in(folder):
    """The notebooks in a folder of students, {(student, assignment): path}, and what is wrong with others, [text]."""
    if not folder.is_dir():
        raise SystemExit(f"there is no folder {folder}; expected one with a folder for each student")
    students = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not students:
        raise SystemExit(f"{folder} holds no folders; expected <student>/<assignment>/<assignment>.ipynb in it")
    found, problems = {}, []
    for student in students:
        files = [path for pattern in ("*", "*/*") for path in sorted(student.glob(pattern)) if path.is_file()]
        files = [path for path in files if path.suffix == ".ipynb" or path.stem in ASSIGNMENTS]
        files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
        if not files:
            problems.append(f"{student.name}: no notebook; expected {ASSIGNMENTS[0]}/{ASSIGNMENTS[0]}.ipynb or others")
        for path in files:
            problem = wrong_with(path, student)
            if not problem and (student.name, path.stem) in found:
                problem = "handed in twice; expected one file"
            if problem:
                problems.append(f"{path.relative_to(folder)}: {problem}")
            else:
                found[student.name, path.stem] = path
    return found, problems


def wrong_with(path, student):
    """Why a file cannot be marked; None if it can."""
    known = ", ".join(ASSIGNMENTS)
    if path.stem not in ASSIGNMENTS:
        return f"there is no assignment {path.stem!r}; expected one of {known}"
    if path.parent not in (student, student / path.stem):
        return f"there is no assignment {path.parent.name!r}; expected the folder's name to be {path.stem!r}"
    if path.suffix != ".ipynb":
        return f"not a notebook; expected {path.stem}.ipynb"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it repairs
            cells = nbformat.read(path, as_version=4).cells
        names = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells}
    except Exception as error:  # whatever is in a file that a stranger sends
        return f"not a notebook, or a damaged one ({type(error).__name__}); expected one in Jupyter's format 4"
    solutions = {cell.id for cell in read(COURSE, path.stem) if cell.metadata.get("nbgrader", {}).get("solution")}
    if not names & solutions:
        return f"holds none of the cells of {path.stem}; expected the notebook that was handed out, filled in"


def marked(generated, path, feedback, settings):
    """One submission, in a course of its own: {"score": ...}, [{"cell": ..., "score": ...}, ...] and its page, or None
    without `feedback`."""
    fields = "score", "max_score", "needs_manual_grade"
    name = path.stem
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own, and what nbformat repairs
        root = Path(temporary, "course")
        shutil.copytree(generated, root)
        (root / "submitted" / "student" / name).mkdir(parents=True)
        shutil.copyfile(path, root / "submitted" / "student" / name / f"{name}.ipynb")
        api = course(root, **settings)
        done(api.autograde(name, "student"))
        if feedback:
            done(api.generate_feedback(name, "student"))
        page = (root / "feedback" / "student" / name / f"{name}.html").read_text("utf-8") if feedback else None
        with api.gradebook as gradebook:
            notebook = gradebook.find_submission_notebook(name, name, "student")
            marks = {field: getattr(notebook, field) for field in fields}
            found = {cell.name: {field: getattr(cell, field) for field in fields} for cell in notebook.grades}
    return marks, [{"cell": cell.id} | found[cell.id] for cell in read(COURSE, name) if cell.id in found], page


def attempt(*submission):
    try:
        return marked(*submission)
    except Exception as error:  # what one student sends must not stop the others
        return f"could not be marked, {type(error).__name__}: {error}"


def grade(folder, out, jobs=2, feedback=True, **settings):
    """Mark all that students handed in, and write it to folder `out`; returns what could not be marked, as sentences.

    marks.csv: a row for each student and assignment; cells.csv: for each marked cell; feedback/: pages for students.
    """
    folder, out = Path(folder), Path(out).resolve()
    if out.exists() and not (out / "marks.csv").exists():
        raise SystemExit(f"{out} exists and holds no marks.csv; expected a new folder, or one with earlier marks")
    found, problems = handed_in(folder)
    if not found:
        raise SystemExit("\n".join(problems))
    with tempfile.TemporaryDirectory() as temporary:
        generated, result = Path(temporary, "course"), Path(temporary, "grades")
        generate(generated, sorted({assignment for _, assignment in found}))
        result.mkdir()
        marks, cells = [], []
        attempts = Parallel(n_jobs=jobs, return_as="generator")(
            delayed(attempt)(generated, path, feedback, settings) for path in found.values()
        )
        attempts = tqdm(attempts, total=len(found), unit="notebook")
        for (student, assignment), outcome in zip(found, attempts, strict=True):
            row = {"student": student, "assignment": assignment}
            if isinstance(outcome, str):
                problems.append(f"{student}, {assignment}: {outcome}")
                outcome = {}, [], None
            marks.append(row | outcome[0])
            cells += [row | cell for cell in outcome[1]]
            if outcome[2]:
                (result / "feedback" / student).mkdir(parents=True, exist_ok=True)
                (result / "feedback" / student / f"{assignment}.html").write_text(outcome[2], "utf-8")
        columns = ["score", "max_score", "needs_manual_grade"]
        for name, rows, keys in (("marks", marks, KEYS), ("cells", cells, [*KEYS, "cell"])):
            pd.DataFrame(rows, columns=[*keys, *columns]).to_csv(result / f"{name}.csv", index=False)
        put(result, out)
    return problems


def put(result, out):
    """A folder in its place, whole, instead of the one that is there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part, old = (out.with_name(f".{out.name}.{os.getpid()}.{kind}") for kind in ("part", "old"))
    try:
        shutil.copytree(result, part)
        if out.exists():
            out.rename(old)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


# ---------------------------------------------------------------- how the marking was tested


def changed(name, cells, folder="source"):
    """The notebook of an assignment, with the text of some of its cells replaced: {cell: text}."""
    notebook = nbformat.read(COURSE / folder / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cells.get(cell.id, cell.source)
    return notebook


def hand_in(notebook, folder, student, name):
    (folder / student).mkdir(parents=True, exist_ok=True)
    (folder / student / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")  # as it is: nbformat would repair it


def told(name):
    """WRONG and RIGHT of tests/submissions/<name>.py: {title: ({cell: text}, tests to fail)}."""
    module = runpy.run_path(str(SUBMISSIONS / f"{name}.py"))
    wrong = {f"wrong: {title}": case for title, case in module["WRONG"].items()}
    return wrong | {f"right: {title}": (cells, set()) for title, cells in module["RIGHT"].items()}


def submissions(name):
    """These, the solution, and the release as it is: {title: (notebook, tests to fail)}."""
    tests = {cell.id for cell in read(COURSE, name) if is_test(cell)}
    given = {"the solution": (changed(name, {}), set()), "as handed out": (changed(name, {}, "release"), tests)}
    return given | {title: (changed(name, cells), lost) for title, (cells, lost) in told(name).items()}


def is_test(cell):
    """Whether a cell is marked without a teacher."""
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def graded(name):
    """The marks of all of these: a row for each, a column for each test, and the points of each test."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "submitted")
        for title, (notebook, _) in submissions(name).items():
            hand_in(notebook, folder, title, name)
        problems = grade(folder, Path(temporary, "grades"), feedback=False)
        if problems:
            raise RuntimeError("\n".join(problems))
        cells = pd.read_csv(Path(temporary, "grades", "cells.csv"))
    tests = [cell.id for cell in read(COURSE, name) if is_test(cell)]
    scores = cells.pivot(index="student", columns="cell", values="score").loc[list(submissions(name)), tests]
    return scores, cells.groupby("cell").max_score.first()[tests]


def table(name, scores, points):
    """The guide's text on an assignment, with its marks in the table's place; lost ones are bold."""
    head = [
        "submission",
        *(f"{test.removeprefix('test_')} ({points[test]:g})" for test in scores),
        f"sum ({points.sum():g})",
    ]
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for title, row in scores.iterrows():
        marks = [f"{row[test]:g}" if row[test] == points[test] else f"**{row[test]:g}**" for test in scores]
        lines.append([title, *marks, f"{row.sum():g}"])
    begin, end = f"<!-- {name}: written by tools/assignments.py -->\n", f"<!-- end of {name} -->"
    text = (COURSE / "README.md").read_text("utf-8")
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"the guide has no place for its table of {name}; expected {begin.strip()} ... {end}")
    return before + begin + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n" + end + after


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="source/ -> release/")
    marking = commands.add_parser("grade", help="mark what students handed in")
    marking.add_argument("folder", help="holds <student>/<assignment>/<assignment>.ipynb, or without the inner folder")
    marking.add_argument("--out", default=REPOSITORY / "runs" / "grades", help="default: runs/grades")
    marking.add_argument("--jobs", type=int, default=2, help="how many submissions at a time; default: 2")
    commands.add_parser("table", help="mark tests/submissions/ and write their table into the guide")
    asked = arguments.parse_args()
    if asked.command == "generate":
        release()
    elif asked.command == "grade":
        problems = grade(asked.folder, asked.out, asked.jobs)
        print(f"written to {asked.out}: marks.csv, cells.csv, feedback/")
        if problems:
            raise SystemExit("not marked:\n" + "\n".join(problems))
    else:
        for name in ASSIGNMENTS:
            text = table(name, *graded(name))
            write_whole(COURSE / "README.md", lambda part, text=text: part.write_text(text, "utf-8"))


if __name__ == "__main__":
    main()
