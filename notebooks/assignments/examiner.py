"""Runs a submission: the student's cells in a process of their own (sandbox.py), the tests here."""

import ast
import builtins
import contextlib
import os
import socket
import sys
import time
import warnings

import numpy as np
from sandbox import Line, student

GRACE = 2  # seconds after which a process that does not stop by itself is ended


def examine(asked, shell, restore):
    """Take {"cells", "scratch", "seconds", "whole", "memory"}, run the cells, and send the outputs of each of them.

    A cell is [kind, source]: "given" and "picture" are parts of the notebook, of which tests need the first; "answer"
    and "other" are the student's; a "test" has hidden parts. What is sent: (number, text, rich outputs, errors).
    """
    order = asked.receive()[0]
    mine, theirs = socket.socketpair()
    if os.fork() == 0:  # before anything is known of the tests
        mine.close()
        asked.end.close()
        student(theirs, shell, restore, order["scratch"], order["memory"])
    theirs.close()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    asked.send("ready")
    (cells,) = asked.receive()
    examination = Examination(Line(mine), order["seconds"], time.monotonic() + order["whole"], order["whole"])
    for number, (kind, source) in enumerate(cells):
        outcome = examination.test(source) if kind == "test" else examination.run(kind, source)
        asked.send(number, *outcome)
    os._exit(0)


class Over(Exception):
    """The time of the whole notebook is over."""


class Examination:
    """The student's process goes through the cells. One that has not begun is kept: if the other ends, or is ended,
    a copy of this one runs the cells before, and takes its place."""

    def __init__(self, line, seconds, end, whole):
        self.fresh, self.seconds, self.finish, self.whole = line, seconds, end, whole
        self.process, self.ran = None, []  # (number, line) of the one that goes on; the cells that it has run
        self.count, self.known, self.printed, self.others = 0, {"__name__": "__main__"}, [], False
        own = vars(builtins) | {"print": lambda *words, **_: self.printed.append(" ".join(map(str, words)))}
        self.known["__builtins__"] = own

    # -------------------------------- processes

    def limit(self):
        """Seconds that a cell may still take."""
        left = self.finish - time.monotonic()
        if left <= 0:
            raise Over(f"not run: the cells before it took longer than {self.whole:g} seconds, the limit for all")
        return min(self.seconds, left)

    def current(self):
        """The line to the student's process, as it is after the cells that have run."""
        while not self.process:
            try:
                self.process = self.copy(self.fresh)
            except (OSError, EOFError):
                raise Over("not run: the submission has ended all its processes") from None
            for cell in self.ran:
                try:
                    self.execute(*cell, self.limit())
                except (OSError, EOFError, ValueError):
                    self.ran.remove(cell)  # it does not always end its process
                    self.lose()
                    break
        return self.process[1]

    def copy(self, line):
        """A copy of a student's process: its number, and a line to it."""
        mine, theirs = socket.socketpair()
        self.count += 1
        try:
            line.deadline = time.monotonic() + 10
            line.send("fork", self.count)
            socket.send_fds(line.end, [b"+"], [theirs.fileno()])
        except BaseException:
            mine.close()
            raise
        finally:
            theirs.close()
        return self.count, Line(mine)

    def fork(self):
        """A copy of the student's process as it is after the cells that have run."""
        while True:
            line = self.current()
            try:
                return self.copy(line)
            except (OSError, EOFError):
                self.lose()

    def lose(self):
        """End the student's process, whatever it does."""
        number, line = self.process
        self.process = None
        line.end.close()
        with contextlib.suppress(OSError, EOFError):  # `current` will say so
            self.kill(self.fresh, number)

    def end(self, number):
        """End a copy, whatever it does."""
        if self.process:
            try:
                self.kill(self.process[1], number)
            except (OSError, EOFError):
                self.lose()

    def kill(self, line, number):
        line.deadline = time.monotonic() + 10
        line.send("end", number)
        line.receive()

    # -------------------------------- cells

    def execute(self, kind, source, seconds):
        """The outputs of a cell, run by the student's process."""
        line = self.current()
        line.deadline = time.monotonic() + seconds + GRACE
        line.send("run", source, kind, seconds)
        word, *outputs = line.receive()
        if word != "ran" or len(outputs) != 3:
            raise EOFError("the process answered what it was not asked")
        return outputs

    def run(self, kind, source):
        """Run a cell that is no test: its text, rich outputs and errors."""
        try:
            if kind == "given":
                self.know(source)
            elif kind == "other":
                self.others = True
            self.current()
            seconds = self.limit()
            outputs = self.execute(kind, source, seconds)
        except Over as over:
            return "", [], [("TimeoutError", str(over), [str(over)])]
        except Exception as error:
            self.lose()
            late = isinstance(error, TimeoutError)
            said = (
                f"took longer than {seconds:g} seconds, and could not be interrupted" if late else "ended its process"
            )
            return "", [], [("TimeoutError" if late else "DeadProcess", f"this cell {said}", [f"this cell {said}"])]
        self.ran.append((kind, source))
        return outputs

    def know(self, source):
        """Run what is given here, too: the tests use it."""
        exec(compile(source, "<given>", "exec", optimize=0), self.known)

    def test(self, source):
        """Run a test. It passes if it does with right functions in place of the student's other ones, or with these."""
        failure = None
        code = compile(source, "<test>", "exec", optimize=0)  # `assert` stands, whatever PYTHONOPTIMIZE says
        for replaced, restored in ((True, False), (True, True), (False, False), (False, True)):
            if restored and not self.others:
                continue
            self.printed = []
            try:
                trial = Trial(self, replaced, restored)
                try:
                    exec(code, self.known | trial.names(source))
                finally:
                    said = trial.finish()
            except Over as over:
                return "", [], [("TimeoutError", str(over), [str(over)])]
            except BaseException as error:
                failure = failure or (said, [], [described(error)])
                if isinstance(error, TimeoutError) and not hasattr(error, "of_student"):
                    break  # the function itself took too long
            else:
                return "\n".join([*filter(None, [said]), *self.printed, ""]), [], []
        return failure


class Trial:
    """The student's functions, for one attempt at a test."""

    def __init__(self, examination, replaced, restored):
        self.examination, self.replaced, self.restored, self.lines = examination, replaced, restored, []
        self.seconds = examination.limit()
        self.deadline = time.monotonic() + self.seconds
        self.began = time.process_time()

    def renewed(self):
        """The deadline after a function of the test has been called from the student's.

        A right answer may call back thousands of times, which takes long on a busy machine. So those calls are timed by
        the work of this process, and not by the clock.
        """
        if time.process_time() - self.began > self.seconds:
            return time.monotonic()
        return min(time.monotonic() + self.seconds, self.examination.finish)

    def names(self, source):
        """What the test uses and is not given: functions that are called in the student's process."""
        used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
        unknown = used - self.examination.known.keys() - vars(builtins).keys()
        return {name: self.alone(name) for name in unknown} | {"alone": self.alone}

    def alone(self, name, **others):
        """In place of the notebook's own `alone`: the student's function, with others in place of other functions."""
        line = None

        def function(*arguments, **named):
            nonlocal line
            if line is None:
                number, line = self.examination.fork()
                line.deadline, line.renewed = self.deadline, self.renewed
                self.lines.append((number, line))
                line.send("view", self.restored, others if self.replaced else {})
            try:
                return line.call(name, *arguments, **named)
            except TimeoutError as error:
                if hasattr(error, "of_student"):
                    raise
                raise TimeoutError(f"{name}: took longer than {self.seconds:g} seconds") from None
            except (EOFError, OSError) as error:
                if hasattr(error, "of_student"):
                    raise
                raise RuntimeError(f"{name}: ended its process") from None

        function.__name__ = name
        return function

    def finish(self):
        """End the processes. What the student's functions have printed."""
        said = []
        for number, line in self.lines:
            try:
                line.deadline = time.monotonic() + 2
                line.send("printed")
                said.append(line.receive()[0])
            except Exception:
                pass
            self.examination.end(number)
            line.end.close()
        return "".join(part for part in said if isinstance(part, str))


def described(error):
    """Name, text and lines of an error of a test; of one of the student's code, with its traceback."""
    if hasattr(error, "of_student"):
        return error.of_student
    return type(error).__name__, str(error), [f"{type(error).__name__}: {error}"]


if __name__ == "__main__":
    sys.exit(__doc__)
