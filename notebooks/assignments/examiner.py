"""Runs a submission: the student's cells in a process of their own (sandbox.py), the tests here."""

import ast
import builtins
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
    def __init__(self, line, seconds, end, whole):
        self.bases, self.seconds, self.finish, self.whole = [(0, line)], seconds, end, whole
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

    def fork(self):
        """A copy of the student's process, its number and a line to it; if that has ended, of the one before it."""
        while self.bases:
            base = self.bases[-1][1]
            mine, theirs = socket.socketpair()
            self.count += 1
            try:
                base.deadline = time.monotonic() + 10
                base.send("fork", self.count)
                socket.send_fds(base.end, [b"+"], [theirs.fileno()])
                theirs.close()
                return self.count, Line(mine)
            except (OSError, EOFError):
                theirs.close()
                mine.close()
                self.bases.pop()
        raise Over("not run: the submission has ended all its processes")

    def end(self, number):
        """End a copy, whatever it does."""
        if self.bases:
            base = self.bases[-1][1]
            try:
                base.deadline = time.monotonic() + 10
                base.send("end", number)
                base.receive()
            except (OSError, EOFError):
                self.bases.pop()

    # -------------------------------- cells

    def run(self, kind, source):
        """Run a cell that is no test: its text, rich outputs and errors."""
        try:
            if kind == "given":
                self.know(source)
            elif kind == "other":
                self.others = True
            seconds = self.limit()
            number, line = self.fork()
        except Over as over:
            return "", [], [("TimeoutError", str(over), [str(over)])]
        line.deadline = time.monotonic() + seconds + GRACE
        try:
            line.send("run", source, kind, seconds)
            word, *outputs = line.receive()
            if word != "ran" or len(outputs) != 3:
                raise EOFError("the process answered what it was not asked")
        except Exception as error:
            self.end(number)
            line.end.close()
            late = isinstance(error, TimeoutError)
            said = (
                f"took longer than {seconds:g} seconds, and could not be interrupted" if late else "ended its process"
            )
            return "", [], [("TimeoutError" if late else "DeadProcess", f"this cell {said}", [f"this cell {said}"])]
        self.bases.append((number, line))
        if len(self.bases) > 6:
            self.bases.pop(0)[1].end.close()
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
