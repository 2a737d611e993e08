"""The course: hand out assignments, mark what comes back, and show how the marking was tested."""

import csv
import functools
import io
import json
import math
import os
import re
import runpy
import shutil
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from feedback import page
from handed_in import HandedIn
from marking import Sandbox, is_answer, is_test, is_written, passes, restored, run, unanswered
from marking import names as names_of
from marking import read as read_submission
from tqdm import tqdm

from bp.files import write_whole
from study.documents import filled
from study.files import REPOSITORY

COURSE = Path(__file__).resolve().parent
SUBMISSIONS = REPOSITORY / "tests" / "submissions"
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
ASSIGNMENTS = sorted(path.stem for path in COURSE.glob("source/*/*.ipynb"))
FORMULA = tuple("=+-@")
SCORES = ["score", "max_score", "needs_manual_grade"]
TABLES = {  # the files of marks, and their columns; the first ones say which row it is
    "marks": (["student", "assignment"], SCORES),
    "cells": (["student", "assignment", "cell"], SCORES),
    "by_hand": (["student", "assignment", "cell"], ["max_score", "points", "where", "answer"]),
}


def read(root, name, folder="source"):
    """The cells of an assignment of the course in folder `root`."""
    text = (Path(root) / folder / name / f"{name}.ipynb").read_text("utf-8")
    return nbformat.versions[4].reads_json(text).cells


ours = functools.cache(functools.partial(read, COURSE))


def course(root):
    """nbgrader on a course in folder `root`, with the settings of ours."""
    from nbgrader.apps.api import NbGraderAPI  # takes a second, and marking does without
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(COURSE)).load_config()
    config.CourseDirectory.root = str(root)
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


# ---------------------------------------------------------------- one submission


@functools.cache
def own_names(assignment):
    """The names of cells that no other assignment has."""
    others = {name for other in ASSIGNMENTS if other != assignment for name in names_of(ours(other))}
    return set(names_of(ours(assignment))) - others


def wrong_with(path, assignment):
    """Why a file cannot be marked as this assignment; None if it can."""
    try:
        found = {cell.name for cell in read_submission(path)}
    except ValueError as error:
        return str(error)
    likely = max(ASSIGNMENTS, key=lambda name: (len(own_names(name) & found), name == assignment))
    if likely != assignment and own_names(likely) & found:
        return f"this is the notebook of {likely}; expected that of {assignment}"
    if not found & {cell.metadata.nbgrader.grade_id for cell in ours(assignment) if is_answer(cell)}:
        return f"holds none of the cells of {assignment}; expected the notebook that was handed out, filled in"
    return None


def marked(sandbox, path, assignment, feedback=True, by_hand=None, **limits):
    """One submission: rows of its cells, [{"cell": ..., "score": ...}, ...], of answers for the teacher, and its page.

    What is wrong with the page is told as the fourth, a sentence, or None. by_hand: {cell: points} for the page.
    """
    released, source = ours(assignment, "release"), {cell.id: cell for cell in ours(assignment)}
    cells, stray = restored(read_submission(path), released, ours(assignment))
    stubs = {cell.id: cell for cell in released}
    for cell in cells:
        if "nbgrader" in cell.metadata and not is_answer(cell):
            cell.source = source[cell.id].source  # with the hidden tests
    for _ in run(sandbox, cells, released, pictures=feedback, **limits):
        pass
    rows, answers = [], []
    for cell in cells:
        points = cell.metadata.get("nbgrader", {}).get("points", 0)
        if is_test(cell):
            rows.append(row(cell.id, points if passes(cell) else 0, points, False))
        elif is_written(cell):
            empty = unanswered(cell, stubs[cell.id])
            places = [] if empty else [f"in `{cell.id}`"]
            texts = [] if empty else [cell.source]
            for where, words in stray:
                places.append(where)
                texts.append(words)
            rows.append(row(cell.id, 0, points, bool(places)))
            if places:
                answer = {"cell": cell.id, "max_score": float(points), "points": ""}
                answers.append(answer | {"where": "; ".join(places), "answer": "\n\n".join(texts)[:2000]})
    made = problem = None
    if feedback:
        marks = {line["cell"]: ((by_hand or {}).get(line["cell"], line["score"]), line["max_score"]) for line in rows}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = page(cells, assignment, marks)
        except Exception as error:  # the marks are there all the same
            problem = f"its page could not be made ({one_line(error)}); its marks are found"
    return rows, answers, made, problem


def row(cell, score, most, by_hand):
    return {"cell": cell, "score": float(score), "max_score": float(most), "needs_manual_grade": by_hand}


def one_line(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


class Retry:
    """A sandbox that is started again if it has ended."""

    def __init__(self, sandbox):
        self.sandbox, self.lock, self.starts = sandbox, threading.Lock(), 0

    def attempt(self, *submission, **limits):
        """What `marked` returns, or why there is nothing: what one student sends must not stop the others."""
        for again in (True, False):
            starts = self.starts
            try:
                return marked(self.sandbox, *submission, **limits)
            except Exception as error:
                if not again or not isinstance(error, RuntimeError):
                    return f"could not be marked, {one_line(error)}"
            with self.lock:
                if self.starts == starts and self.sandbox.process.poll() is not None:
                    self.sandbox.stop()
                    self.sandbox.start()
                    self.starts += 1
        return None


# ---------------------------------------------------------------- a folder of them


def grade(folder, out, jobs=2, feedback=True, **limits):
    """Mark all that students handed in, and write it to folder `out`; returns what could not be marked, as sentences.

    marks.csv: a row for each student and assignment; cells.csv: for each marked cell; by_hand.csv: for each answer that
    a teacher marks, by points that are entered there; feedback/: pages for students. Each is written as soon as it is
    known. Earlier marks stay; of those that are replaced a copy is kept, in earlier/.
    """
    folder, out = Path(folder), Path(out).resolve()
    if out.exists() and not (out / "marks.csv").exists():
        raise SystemExit(f"{out} exists and holds no marks.csv; expected a new folder, or one with earlier marks")
    with tempfile.TemporaryDirectory(prefix="handed-in-") as scratch:
        handed = HandedIn(folder, scratch, ASSIGNMENTS, wrong_with)
        book = Book(out)
        if not handed.found and not book.tables["marks"]:
            raise SystemExit("\n".join(handed.problems))
        problems = handed.problems + book.problems
        for note in handed.notes:
            tqdm.write(note)
        if handed.found:
            with Sandbox() as sandbox, ThreadPoolExecutor(jobs) as pool:
                retry = Retry(sandbox)
                futures = {
                    pool.submit(retry.attempt, path, key[1], feedback, book.given(*key), **limits): key
                    for key, path in handed.found.items()
                }
                try:
                    for future in tqdm(as_completed(futures), total=len(futures), unit="notebook"):
                        student, assignment = futures[future]
                        outcome = future.result()
                        if isinstance(outcome, str):
                            problems.append(f"{student}, {assignment}: {outcome}")
                            outcome = None
                        elif outcome[3]:
                            problems.append(f"{student}, {assignment}: {outcome[3]}")
                        book.enter(student, assignment, outcome)
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
        book.write()
    for note in book.notes:
        tqdm.write(note)
    return problems


class Book:
    """The files of marks in a folder: those that are there already, and what is entered."""

    def __init__(self, out):
        self.out, self.notes, self.problems, self.kept = out, [], [], None
        self.existed = (out / "marks.csv").exists()
        self.tables = {name: self.load(name) for name in TABLES}
        self.edited = {key for key, mark in self.tables["marks"].items() if self.by_teacher(key, mark)}
        for key in sorted(self.edited):
            mark = self.tables["marks"][key]
            if not 0 <= number(mark["score"]) <= number(mark["max_score"]):
                self.edited.discard(key)
                where = f"marks.csv: {', '.join(key)}: a score of {mark['score']!r}"
                self.problems.append(
                    f"{where}; expected a number from 0 to {mark['max_score']}; the sum of cells.csv is taken"
                )
                self.tables["marks"][key] = self.summed(*key)
        for key, cell in self.tables["cells"].items():  # points that were entered there
            hand = self.tables["by_hand"].get(key)
            if hand and not hand["points"] and not is_true(cell["needs_manual_grade"]) and number(cell["score"]):
                hand["points"] = cell["score"]
        for key in {key[:2] for key in self.tables["by_hand"]}:
            self.add_up(*key)

    def load(self, name):
        """{key: row} of a table; SystemExit if it is none of ours."""
        path, (keys, columns) = self.out / f"{name}.csv", TABLES[name]
        if not path.exists():
            return {}
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            text = path.read_bytes().decode("cp1252", "replace")
        first = text.split("\n", 1)[0]
        separator = max(",;\t", key=first.count)  # a spreadsheet may have changed it
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))
        if not set(keys) | set(columns) <= set(first.strip().replace('"', "").split(separator)):
            expected = ", ".join([*keys, *columns])
            raise SystemExit(
                f"{path} is no table of marks; expected the columns {expected}, or another folder with --out"
            )
        for line in rows:
            line |= {
                key: value[1:] for key, value in line.items() if value and value[0] == "'" and value[1:2] in FORMULA
            }
        return {tuple(line[key] for key in keys): line for line in rows}

    def rows(self, name, student, assignment):
        return [line for key, line in self.tables[name].items() if key[:2] == (student, assignment)]

    def by_teacher(self, key, mark):
        """Whether a row of marks.csv says something else than cells.csv."""
        cells = self.rows("cells", *key)
        if not cells or not mark["score"]:
            return False
        waits = any(is_true(cell["needs_manual_grade"]) for cell in cells)
        return (
            number(mark["score"]) != sum(number(c["score"]) for c in cells)
            or is_true(mark["needs_manual_grade"]) != waits
        )

    def points(self, line):
        """Points that a teacher has entered, or None; what is not possible is named."""
        entered = line["points"].strip()
        if not entered:
            return None
        most, value = number(line["max_score"]), number(entered.replace(",", "."))
        if math.isnan(value) or not 0 <= value <= most:
            where = f"by_hand.csv: {line['student']}, {line['assignment']}, {line['cell']}"
            text = f"{where}: points of {entered!r}; expected a number from 0 to {most:g}, or nothing yet"
            if text not in self.problems:
                self.problems.append(text)
            return None
        return value

    def given(self, student, assignment):
        """The points that a teacher has given for answers, {cell: points}."""
        points = {line["cell"]: self.points(line) for line in self.rows("by_hand", student, assignment)}
        return {cell: value for cell, value in points.items() if value is not None}

    def add_up(self, student, assignment):
        """Put points that were entered by hand into cells.csv, and the sum into marks.csv."""
        key = student, assignment
        for hand in self.rows("by_hand", *key):
            value, cell = self.points(hand), self.tables["cells"].get((*key, hand["cell"]))
            if cell is not None:
                cell |= {"score": value or 0.0, "needs_manual_grade": value is None}
        if self.rows("cells", *key) and key not in self.edited:
            self.tables["marks"][key] = self.summed(*key)

    def summed(self, student, assignment):
        """A row of marks.csv, from those of cells.csv."""
        cells = self.rows("cells", student, assignment)
        return {
            "student": student,
            "assignment": assignment,
            "score": float(sum(number(cell["score"]) for cell in cells)),
            "max_score": float(sum(number(cell["max_score"]) for cell in cells)),
            "needs_manual_grade": any(is_true(cell["needs_manual_grade"]) for cell in cells),
        }

    def enter(self, student, assignment, outcome):
        """What was found about a submission; None if nothing was: then earlier marks stay."""
        key = student, assignment
        of = {"student": student, "assignment": assignment}
        before, earlier = self.tables["marks"].get(key), self.rows("cells", *key)
        if outcome is None:
            self.tables["marks"].setdefault(key, of | dict.fromkeys(SCORES, ""))
        else:
            cells, answers, made, _ = outcome
            hands = {line["cell"]: line for line in self.rows("by_hand", *key)}
            old = {line["cell"]: number(line["score"]) for line in earlier if line["cell"] not in hands}
            alike = bool(earlier) and all(old.get(c["cell"], c["score"]) == c["score"] for c in cells)
            if key in self.edited and alike:
                self.notes.append(f"{student}, {assignment}: {before['score']} stays, which was entered in marks.csv")
            else:
                self.edited.discard(key)
            for table in ("cells", "by_hand"):
                kept = {k: line for k, line in self.tables[table].items() if k[:2] != key}
                self.tables[table] = kept
            for line in cells:
                self.tables["cells"][(*key, line["cell"])] = of | line
            for line in answers:
                hand = hands.pop(line["cell"], None)
                if hand and hand["points"]:
                    line["points"] = hand["points"]
                    if line["answer"].split() != hand["answer"].split():
                        self.notes.append(
                            f"{student}, {assignment}, {line['cell']}: the answer is new, the points are old"
                        )
                self.tables["by_hand"][(*key, line["cell"])] = of | line
            for name, hand in hands.items():  # points for what is not there any more
                if hand["points"]:
                    self.tables["by_hand"][(*key, name)] = hand
            self.add_up(*key)
            now = self.tables["marks"][key]
            if before and before["score"] not in ("", str(now["score"])):
                self.notes.append(f"{student}, {assignment}: {now['score']} in place of {before['score']}")
            if made:
                self.write_page(student, assignment, made)
        self.write()

    def keep(self):
        """The folder for copies of what this call replaces."""
        if self.kept is None:
            stamp, count = time.strftime("%Y-%m-%d_%H-%M-%S"), 0
            while (self.out / "earlier" / f"{stamp}{count or ''}").exists():
                count += 1
            self.kept = self.out / "earlier" / f"{stamp}{count or ''}"
            self.kept.mkdir(parents=True)
            for name in TABLES:
                if (self.out / f"{name}.csv").exists():
                    shutil.copy2(self.out / f"{name}.csv", self.kept)
            self.notes.append(f"what was there before is in {self.kept}")
        return self.kept

    def write_page(self, student, assignment, made):
        path = Path("feedback", student, f"{assignment}.html")
        if (self.out / path).exists() and (self.out / path).read_text("utf-8") != made:
            (self.keep() / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.out / path, self.keep() / path)
        (self.out / path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.out / path, lambda part: part.write_text(made, "utf-8"))

    def write(self):
        """All tables, each whole."""
        self.out.mkdir(parents=True, exist_ok=True)
        for name, (keys, columns) in TABLES.items():
            path, file = self.out / f"{name}.csv", io.StringIO(newline="")
            table = csv.DictWriter(file, [*keys, *columns], lineterminator="\n", extrasaction="ignore")
            table.writeheader()
            for _, line in sorted(self.tables[name].items()):
                table.writerow({column: spreadsheet(value) for column, value in line.items()})
            text = file.getvalue()
            if not path.exists() or path.read_bytes() != text.encode():
                if self.existed:
                    self.keep()
                write_whole(path, lambda part, text=text: part.write_bytes(text.encode()))


def is_true(value):
    return str(value).lower() == "true"


def number(text):
    """The number that a text says; NaN if none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def spreadsheet(value):
    """A value as text that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in FORMULA and math.isnan(number(text)) else text


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


@functools.cache
def submissions(name):
    """These, the solution, and the release as it is: {title: (notebook, tests to fail)}."""
    tests = {cell.id for cell in ours(name) if is_test(cell)}
    given = {"the solution": (changed(name, {}), set()), "as handed out": (changed(name, {}, "release"), tests)}
    return given | {title: (changed(name, cells), lost) for title, (cells, lost) in told(name).items()}


def graded(name, titles=None):
    """The marks of these, or those with some titles: a row for each, a column for each test, and each test's points."""
    import pandas as pd

    chosen = {title: case for title, case in submissions(name).items() if titles is None or title in titles}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "submitted")
        for title, (notebook, _) in chosen.items():
            hand_in(notebook, folder, title, name)
        problems = grade(folder, Path(temporary, "grades"), feedback=False)
        if problems:
            raise RuntimeError("\n".join(problems))
        cells = pd.read_csv(Path(temporary, "grades", "cells.csv"))
    tests = [cell.id for cell in ours(name) if is_test(cell)]
    scores = cells.pivot(index="student", columns="cell", values="score").loc[list(chosen), tests]
    return scores, cells.groupby("cell").max_score.first()[tests]


def unexpected(name, scores, points):
    """The submissions that lose other marks than the file of submissions says: {title: tests failed}."""
    lost = {title: {test for test in scores if row[test] != points[test]} for title, row in scores.iterrows()}
    return {title: tests for title, tests in lost.items() if tests != submissions(name)[title][1]}


def lines(scores, points):
    """The lines of the guide's table of marks; lost ones are bold."""
    head = [
        "submission",
        *(f"{test.removeprefix('test_')} ({points[test]:g})" for test in scores),
        f"sum ({points.sum():g})",
    ]
    rows = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for title, row in scores.iterrows():
        marks = [f"{row[test]:g}" if row[test] == points[test] else f"**{row[test]:g}**" for test in scores]
        rows.append([title, *marks, f"{row.sum():g}"])
    return [f"| {' | '.join(row)} |" for row in rows]


def table(name, scores, points):
    """The guide's text, with the marks of an assignment in the table's place; SystemExit if one is not as expected."""
    if wrong := unexpected(name, scores, points):
        raise SystemExit(f"{name}: other marks than tests/submissions/{name}.py expects, so no table: {wrong}")
    guide = (COURSE / "README.md").relative_to(REPOSITORY)
    try:
        return filled(guide, "tools/assignments.py", **{name: "\n".join(lines(scores, points)) + "\n"})
    except ValueError as error:
        raise SystemExit(str(error)) from None
