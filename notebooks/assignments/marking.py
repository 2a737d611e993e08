"""Puts a submission in order, runs it, and says which tests pass."""

import difflib
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import tokenize
from collections import defaultdict
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))  # in a course's own folder, too

from sandbox import Line

SECONDS, WHOLE = 30, 600  # that a cell may take, and all cells of a notebook together
MEMORY = 4 << 30  # bytes
PICTURE = re.compile(r"!\[|<img\b", re.IGNORECASE)


# ---------------------------------------------------------------- what is in a notebook


def read(path):
    """The cells of a notebook file, whatever state it is in: [NotebookNode] with cell_type, id, source, metadata, and
    attachments. ValueError, of one line, if it is no notebook."""
    data = Path(path).read_bytes()
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        content = json.loads(data.decode(coding))
    except (ValueError, RecursionError) as error:
        what = "empty" if not data.strip() else type(error).__name__
        raise ValueError(f"not a notebook, or a damaged one ({what}); expected one in Jupyter's format 4") from None
    try:
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]  # format 3
        return [tidied(cell, number) for number, cell in enumerate(cells) if isinstance(cell, dict)]
    except (TypeError, KeyError, IndexError):
        raise ValueError("not a notebook, or a damaged one (no cells); expected one in Jupyter's format 4") from None


def tidied(cell, number):
    """A cell with all that a valid one has, and nothing else."""
    kind = cell.get("cell_type")
    source = text(cell.get("source", cell.get("input")))
    if kind == "heading":  # of old notebooks
        level = cell.get("level")
        source = "#" * (level if level in range(1, 7) else 1) + f" {source}"
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    marks = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    name = marks.get("grade_id", cell.get("id"))
    attachments = {
        name: {mime: "".join(data.split()) for mime, data in files.items() if isinstance(data, str)}
        for name, files in (cell.get("attachments") or {}).items()
        if isinstance(files, dict)
    } if isinstance(cell.get("attachments"), dict) else {}  # fmt: skip
    return nbformat.from_dict(
        {
            "cell_type": kind if kind in ("code", "raw") else "markdown",
            "id": f"student-{number}",
            "name": name if isinstance(name, str) else "",
            "source": source,
            "metadata": {},
            "attachments": attachments,
        }
    )


def text(source):
    lines = source if isinstance(source, list) else [source]
    joined = "".join(line for line in lines if isinstance(line, str))
    return (
        joined.encode("utf-8", "replace")
        .decode("utf-8")
        .replace("\r\n", "\n")
        .replace("\0", "\N{REPLACEMENT CHARACTER}")
    )


def is_test(cell):
    """Whether a cell is marked without a teacher."""
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def is_written(cell):
    """Whether a cell is an answer that a teacher marks."""
    return cell.cell_type != "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def names(cells):
    """The names of the cells that the student works with, or that test it."""
    return [cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata]


# ---------------------------------------------------------------- put in order


def restored(cells, released, source=()):
    """A student's cells with those of the release in their places and their order: only answers are the student's.

    Deleted cells come back, except for solutions, which the student may have written elsewhere. Cells with the name of
    another before them, or of none, become ordinary ones. Returns the cells, and the student's words that stand outside
    of the cells for answers, [(where, text)]; what stands in `source` is nobody's.
    """
    known = {cell.metadata.nbgrader.grade_id: cell for cell in released if "nbgrader" in cell.metadata}
    printed = {cell.source.strip() for cell in (*released, *source)}
    given = {name: cell.source for name, cell in known.items()}
    for cell in source:
        given[cell.id] = f"{given.get(cell.id, '')}\n{cell.source}"
    by_id = {cell.id: cell for cell in released}
    handed_in, following, place, stray = {}, defaultdict(list), None, []
    for cell in cells:
        name, where = cell.pop("name"), f"below `{place}`" if place else "at the top"
        if name in known and name not in handed_in:
            handed_in[name], place = cell, name
            if not known[name].metadata.nbgrader.solution:
                more = added(given[name], cell.source)
                if is_words(cell.cell_type, more) or cell.attachments:
                    stray.append((f"in the question or test `{name}`", more))
                    following[place].append(ordinary(cell, more))
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.source.strip() not in printed:
            if name in known:
                where = f"in a copy of `{name}`, {where}"
            elif name in by_id:
                where = f"in a changed cell {where}"
            else:
                where = f"in a new cell {where}"
            more = added(by_id[name].source, cell.source) if name in by_id else cell.source
            if is_words(cell.cell_type, more) or cell.attachments:
                stray.append((where, more))
            cell.metadata.student = where
        following[place].append(cell)
    result = following[None]
    for name, cell in known.items():
        answered = cell.metadata.nbgrader.solution and name in handed_in
        if answered or cell.metadata.nbgrader.grade or not cell.metadata.nbgrader.solution:
            result.append(deepcopy(cell))
        if answered:
            result[-1].source = handed_in[name].source
            if handed_in[name].attachments and cell.cell_type != "code":
                result[-1].attachments = handed_in[name].attachments
            elif handed_in[name].attachments:
                following[name].insert(0, ordinary(handed_in[name], handed_in[name].source))
        result += following[name]
    for cell in result:
        if not cell.get("attachments") or cell.cell_type == "code":
            cell.pop("attachments", None)
    return result, stray


def ordinary(cell, source):
    """What a student has written into a cell that is not for it, as a cell of its own."""
    new = nbformat.v4.new_markdown_cell(source)
    new.id, new.attachments, new.metadata.student = f"{cell.id}-words", cell.attachments, "in a locked cell"
    return new


def added(old, new):
    """The lines of a text that are not in the old one."""
    lines = difflib.ndiff(old.strip().splitlines(), new.strip().splitlines())
    return "\n".join(line[2:] for line in lines if line.startswith("+ "))


def is_words(kind, source):
    """Whether a cell may hold an answer in words: any text; of code, comments, strings and what is no Python."""
    if kind != "code":
        return bool(re.search(r"\w", source) or PICTURE.search(source))
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        compile(source, "<cell>", "exec")
        said = [token.string for token in tokens if token.type in (tokenize.COMMENT, tokenize.STRING)]
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        said = [] if source.lstrip()[:1] in ("%", "!", "?") else [source]
    return sum(len(re.findall(r"[^\W\d_]{2,}", part)) for part in said) >= 5


def unanswered(cell, stub):
    """Whether a written answer is still what was handed out, or empty."""
    given = " ".join(cell.source.split())
    return not cell.get("attachments") and given in ("", " ".join(stub.source.split()))


# ---------------------------------------------------------------- run


class Sandbox:
    """Runs notebooks, each in processes of its own, which reach no file but their own; several threads may use it."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="marking-")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def start(self):
        """One clean Python, whatever the environment of the teacher says; submissions run in copies of it."""
        home = self.folder.name
        clean = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": home, "MPLCONFIGDIR": home, "IPYTHONDIR": home}
        clean["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        clean |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
        self.ours, theirs = socket.socketpair()
        program = Path(__file__).with_name("sandbox.py")
        found = (Path(find_spec(name).origin).parent.parent for name in ("numpy", "matplotlib", "IPython"))
        libraries = {str(folder) for folder in found if folder not in program.parents}  # which -I might not see
        command = [sys.executable, "-I", "-B", str(program), str(theirs.fileno()), *sorted(libraries)]
        with theirs:
            self.process = subprocess.Popen(
                command, env=clean, pass_fds=[theirs.fileno()], cwd=home, stdin=subprocess.DEVNULL
            )
        if not self.ours.recv(1):
            raise SystemExit(f"no process for submissions could be started; expected {' '.join(command[:4])} to work")

    def stop(self):
        self.ours.close()
        self.process.kill()
        self.process.wait()

    def run(self, cells, seconds=SECONDS, whole=WHOLE, memory=MEMORY):
        """Run cells, [(kind, source)], and yield (number, text, rich outputs, errors) of each. Kinds: see examiner.py.

        RuntimeError if that is not possible.
        """
        ours, theirs = socket.socketpair()
        with tempfile.TemporaryDirectory(dir=self.folder.name) as scratch, ours:
            with theirs:
                try:
                    socket.send_fds(self.ours, [b"+"], [theirs.fileno()])
                except OSError:
                    raise RuntimeError("the process that starts others has ended") from None
            line = Line(ours)
            line.deadline = time.monotonic() + whole + 60
            try:
                line.send({"scratch": scratch, "seconds": seconds, "whole": whole, "memory": memory})
                line.receive()
                line.send([list(cell) for cell in cells])
                for number in range(len(cells)):
                    told = line.receive()
                    if told[0] != number:
                        raise EOFError(f"cell {number} is missing")
                    yield told
            except (OSError, EOFError) as error:
                raise RuntimeError(f"it could not be run to its end ({error})") from None


def kinds(cells, released):
    """What the code cells are to the examiner: [(number in cells, kind)]."""
    printed = {cell.source.strip() for cell in released if "nbgrader" not in cell.metadata}
    result = []
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if "nbgrader" in cell.metadata:
            result.append((number, "test" if is_test(cell) else "answer" if is_answer(cell) else "given"))
        else:
            result.append((number, "picture" if cell.source.strip() in printed else "other"))
    return result


def run(sandbox, cells, released, pictures=True, **limits):
    """Run the code cells of a restored notebook, and keep what they put out; without `pictures` those of the release
    are left out, which change no mark. Yields the tests, each as soon as it is done."""
    chosen = [(number, kind) for number, kind in kinds(cells, released) if pictures or kind != "picture"]
    outcomes = sandbox.run([(kind, cells[number].source) for number, kind in chosen], **limits)
    for count, ((number, kind), (_, said, rich, errors)) in enumerate(zip(chosen, outcomes, strict=True), 1):
        cell = cells[number]
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text=said)] if said else []
        for shown, data in rich:
            more = {"execution_count": count} if shown == "execute_result" else {}
            cell.outputs.append(nbformat.v4.new_output(shown, data=dict(data), **more))
        for name, value, lines in errors:
            cell.outputs.append(nbformat.v4.new_output("error", ename=name, evalue=value, traceback=list(lines)))
        if kind == "test":
            yield cell


def passes(cell):
    return bool(cell.execution_count) and not any(output.output_type == "error" for output in cell.outputs)
