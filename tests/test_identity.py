"""What identifies a function: all that it does, and nothing else."""

import importlib
import os
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest

import bp
from study.files import REPOSITORY
from study.identity import core, describe, identify

PROGRAM = """
from dataclasses import dataclass
from functools import cache, partial, wraps
from typing import NamedTuple
import numpy as np
import helper
import helper as another_name
from helper import scale, Base
import package.inner

factor = 1
table = {"a": [1, 2], "b": {"x", "y"}}
weights = np.array([1.0, 2.0])
name_of_an_attribute = 1


def plain(runs):
    '''What it says.'''
    return runs * 1


def defaults(runs, t=0.1, *, u=1):
    return runs * t * u


def of_globals(runs):
    return runs * factor + len(table["b"]) + weights.sum() + runs.name_of_an_attribute


def helped(runs):
    return scale(runs) + helper.shift(runs)


def by_name(runs):
    return getattr(helper, "shift")(runs) + another_name.scale(runs)


def deep(runs):
    return package.inner.inmost(runs)


def inside(runs):
    from helper import scale as here

    def inner(x):
        return here(x) + factor

    return [inner(run) for run in runs]


def handed_on(runs):
    return apply(helper, runs)


def apply(module, runs):
    return module.scale(runs)


def again(runs):
    return again(runs - 1) if runs else other(runs)


def other(runs):
    return again(runs) if runs > 9 else factor


def closed(by):
    def middle(more):
        return lambda runs: runs * by + more

    return middle(by + 1)


def decorated(by):
    def decorate(function):
        @wraps(function)
        def wrapped(runs):
            return by * function(runs)

        return wrapped

    return decorate


@cache
def kept(runs):
    return scale(runs)


@dataclass(frozen=True)
class Measure(Base):
    by: int = 2

    def __call__(self, runs):
        return runs * self.by + self.shifted(runs)

    @property
    def twice(self):
        return 2 * self.by

    @staticmethod
    def of(runs):
        return runs + 1


class Pair(NamedTuple):
    one: int
    two: int = 3

    def sum(self, runs):
        return self.one + self.two


def builds(runs):
    return Measure(runs), Pair(1)


plain.attribute = 1
found = {
    "plain": plain,
    "defaults": defaults,
    "of globals": of_globals,
    "helped": helped,
    "by name": by_name,
    "deep": deep,
    "inside": inside,
    "handed on": handed_on,
    "again": again,
    "closed": closed(1),
    "decorated": decorated(2)(plain),
    "lambdas": [lambda runs: runs + 1, lambda runs: runs + 2][0],
    "nested lambda": lambda runs: (lambda x: x + factor)(runs),
    "partial": partial(plain, 1),
    "named partial": partial(defaults, t=3),
    "method": Measure(4).__call__,
    "callable": Measure(4),
    "class": Measure,
    "builds": builds,
    "pair": Pair(1).sum,
    "cached": kept,
    "array": partial(plain, np.arange(3.0)),
    "vectorized": np.vectorize(plain),
    "rule": bp.ErrorRule("mine", lambda d: lambda y, out: np.subtract(y, d * factor, out)),
    "activation": bp.Activation(np.positive, lambda y: y * 0 + factor / factor),
    "comprehension": lambda runs: [factor * run for run in runs],
}
"""
HELPER = """
rate = 1


def scale(x):
    return x * rate


def shift(x):
    import third

    return third.add(x)


class Base:
    def shifted(self, x):
        return x + 1
"""
FILES = {
    "program.py": "import bp\n" + PROGRAM,
    "helper.py": HELPER,
    "third.py": "def add(x):\n    return x + 1\n",
    "package/__init__.py": "",
    "package/inner.py": "def inmost(x):\n    return x\n",
}
OTHERWISE = {  # file, what stands there, what instead -> what becomes another function
    ("program.py", "runs * 1\n", "runs * 2\n"): {"plain", "decorated", "partial", "array", "vectorized"},
    ("program.py", "t=0.1", "t=0.2"): {"defaults", "named partial"},
    ("program.py", "u=1", "u=2"): {"defaults", "named partial"},
    ("program.py", "factor = 1\n", "factor = 2\n"): {
        *("of globals", "inside", "again", "nested lambda", "rule", "activation", "comprehension")
    },
    ("program.py", "[1, 2]", "[1, 3]"): {"of globals"},
    ("program.py", '"x", "y"', '"x", "z"'): {"of globals"},
    ("program.py", "1.0, 2.0", "1.0, 2.5"): {"of globals"},
    ("helper.py", "rate = 1", "rate = 3"): {"helped", "by name", "inside", "handed on", "cached"},
    ("third.py", "x + 1", "x + 2"): {"helped", "by name"},
    ("package/inner.py", "return x", "return -x"): {"deep"},
    ("program.py", "more\n", "more + 1\n"): {"closed"},
    ("program.py", "closed(1)", "closed(2)"): {"closed"},
    ("program.py", "decorated(2)", "decorated(3)"): {"decorated"},
    ("program.py", "by * function", "function"): {"decorated"},
    ("program.py", "runs + 2][0]", "runs + 2][1]"): {"lambdas"},
    ("program.py", "partial(plain, 1)", "partial(plain, 2)"): {"partial"},
    ("program.py", "t=3", "t=4"): {"named partial"},
    ("program.py", "runs * self.by", "runs + self.by"): {"method", "callable", "class", "builds"},
    ("program.py", "by: int = 2", "by: int = 3"): {"method", "callable", "class", "builds"},
    ("program.py", "2 * self.by", "3 * self.by"): {"method", "callable", "class", "builds"},
    ("program.py", "return runs + 1\n", "return runs + 3\n"): {"method", "callable", "class", "builds"},
    ("helper.py", "return x + 1", "return x + 2"): {"method", "callable", "class", "builds", "handed on"},
    ("program.py", "Measure(4).__call__", "Measure(5).__call__"): {"method"},
    ("program.py", '"callable": Measure(4)', '"callable": Measure(5)'): {"callable"},
    ("program.py", "self.one + self.two", "self.one - self.two"): {"pair", "builds"},
    ("program.py", "Pair(1).sum", "Pair(2).sum"): {"pair"},
    ("program.py", "np.arange(3.0)", "np.arange(4.0)"): {"array"},
    ("program.py", "y, d * factor", "y, factor * d"): {"rule"},
    ("program.py", '"mine"', '"ours"'): {"rule"},
    ("program.py", "np.positive", "np.conjugate"): {"activation"},
    ("program.py", "factor * run for", "factor + run for"): {"comprehension"},
    ("program.py", "attribute = 1\nfound", "attribute = 2\nfound"): {
        *("plain", "decorated", "partial", "array", "vectorized")
    },
}
THE_SAME = [  # what may change
    ("program.py", "'''What it says.'''", "'''It says\n    something else.'''"),
    ("program.py", "    return runs * 1\n", "    # a comment\n    return (\n        runs\n        * 1)\n"),
    ("program.py", "\n\ndef plain", "\n\ndef unrelated():\n    return factor\n\n\ndef plain"),
    ("program.py", "name_of_an_attribute = 1", "name_of_an_attribute = 2"),
    ("program.py", '"a"', "'a'"),
    ("helper.py", "rate = 1\n", "rate = 1\nunrelated = 2\n"),
    ("third.py", "def add(x):\n", 'def add(x):\n    "With a docstring."\n'),
]


@pytest.fixture
def load(tmp_path, monkeypatch):
    """What the program above defines, with some of its text replaced: in files, or typed at a prompt."""

    def load(*change, typed=False):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        for name, text in FILES.items():
            if change and change[0] == name:
                assert text.count(change[1]) == 1, change
                text = text.replace(*change[1:])
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        monkeypatch.syspath_prepend(folder)
        for name in ("program", "helper", "third", "package", "package.inner"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        if not typed:
            return importlib.import_module("program").found
        typed = {"__name__": "__main__"}
        exec(compile((folder / "program.py").read_text(), "<stdin>", "exec"), typed)
        return typed["found"]

    return load


@pytest.mark.parametrize("typed", [False, True], ids=["in files", "typed"])
@pytest.mark.parametrize("change", OTHERWISE, ids=lambda change: change[-1].strip())
def test_what_does_otherwise_is_another(change, typed, load):
    before, after = ({name: identify(one) for name, one in load(*given, typed=typed).items()} for given in ((), change))
    changed = {name for name in before if before[name] != after[name]}
    if change[0] != "program.py" and typed:  # a module that is handed on counts whole
        assert changed >= OTHERWISE[change]
    assert changed - {"handed on"} == OTHERWISE[change] - {"handed on"}
    assert len(set(before.values())) == len(before)


@pytest.mark.parametrize("change", THE_SAME, ids=lambda change: change[-1].strip()[:20])
def test_what_does_the_same_is_the_same(change, load):
    before, after = ({name: identify(one) for name, one in load(*given).items()} for given in ((), change))
    assert {name for name in before if before[name] != after[name]} <= {"handed on"}  # which counts its module whole


@pytest.mark.slow
@pytest.mark.parametrize("typed", [False, True], ids=["in files", "typed"])
def test_processes_with_other_hash_seeds_say_the_same(typed, load):
    here = {name: identify(one) for name, one in load(typed=typed).items()}
    load = "exec(compile(open('program.py').read(), '<stdin>', 'exec'))" if typed else "from program import found"
    script = (
        f"from study.identity import identify\n{load}\nprint({{name: identify(one) for name, one in found.items()}})"
    )
    for seed in "01":
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY), sys.path[0]]),
        }
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, cwd=sys.path[0], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert eval(done.stdout) == here


def test_all_pythons_and_machines_say_the_same(load):
    """Written down: nothing of Python's version or of a folder is in it."""
    found = {name: identify(one) for name, one in load().items()}
    assert identify(found) == "b192346de98e9d70", found


def test_bytecode_is_told_with_pythons_version(load, monkeypatch):
    before = identify(load(typed=True)["plain"])
    monkeypatch.setattr(sys, "version_info", (3, 99))
    assert identify(load(typed=True)["plain"]) != before


def test_a_file_that_is_edited_while_it_runs_is_not_taken_for_what_runs(load):
    found = load()
    before, path = identify(found["plain"]), sys.modules["program"].__file__
    text = FILES["program.py"]
    with open(path, "w") as file:
        file.write(text.replace("runs * 1\n", "runs * 1 + 7\n"))
    assert identify(found["plain"]) != before
    assert identify(found["plain"]) != identify(load("program.py", "runs * 1\n", "runs * 1 + 7\n")["plain"])


def test_cells_of_a_notebook():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    said = []
    for k in (1, 2, 1):
        for cell in (f"k = {k}", "def f(runs):\n    return k * runs", f"g = lambda runs: {k}"):
            shell.run_cell(cell).raise_error()
        said.append((identify(shell.user_ns["f"]), identify(shell.user_ns["g"])))
    assert said[0] == said[2] and said[0][0] != said[1][0] and said[0][1] != said[1][1]


def test_values():
    class Other(dict):
        pass

    lock = [1]
    lock.append(lock)
    values = [
        *(None, 0, 0.0, -0.0, False, True, 1, 1.0, np.float64(1), np.float32(1), "1", b"1", 1j, float("nan")),
        *([], (), {}, set(), frozenset({1}), [1], (1,), {1: 2}, {2: 1}, Other(), range(3), range(4), slice(3), lock),
        *(np.zeros(2), np.zeros((1, 2)), np.zeros(2, int), np.zeros(2, bool), np.array([None]), np.array(["a"])),
        *(bp.symmetry(), bp.parity(2), bp.layered(2, 1), bp.layered(2, 2), bp.squared, bp.hinge(0.1), bp.hinge(0.2)),
        *(
            bp.dead_zone(0.2),
            bp.logistic,
            bp.tanh,
            bp.linear,
            bp.softsign,
            np,
            np.tanh,
            np.sin,
            np.mean,
            len,
            print,
            str,
        ),
        *("a".join, "b".join, np.random.default_rng(0), np.random.default_rng(1), bp.Layer, bp.train, Other),
        bp.ErrorRule("hinge(0.2)", bp.hinge(0.1).derivative),
        bp.Activation(bp.softsign.function, lambda y: (1 - abs(y)) ** 2, "softsign"),
    ]
    assert len({identify(value) for value in values}) == len(values)
    assert identify({3, "a"}) == identify({"a", 3}) and identify(bp.layered(2, 1)) == identify(bp.layered(2, 1))


def test_a_mask_counts():
    def net(mask):
        return bp.Network([bp.Layer("a", 2), bp.Layer("b", 1)], [bp.Link("a", "b", mask=mask)])

    assert identify(net(None)) != identify(net(np.array([[True, False]]))) != identify(net(np.array([[False, True]])))


@pytest.mark.parametrize("what", [threading.Lock(), open(__file__), (k for k in "ab"), np.frompyfunc(abs, 1, 1)])  # noqa: SIM115
def test_what_cannot_be_told_is_refused(what):
    def measure(runs):
        return what

    with pytest.raises(
        ValueError, match=r"<.*> of .*measure cannot be told from others \(.*\); expected what can be pic"
    ):
        identify(measure)


def test_functions_are_described_by_name_and_numbers():
    def scaled(runs, by, t=0.5, *, u="x"):
        return factor

    factor, own = 2, bp.ErrorRule("mine", len)
    assert describe(scaled) == f"{scaled.__qualname__}(t=0.5, u='x', factor=2) {identify(scaled)}"
    some = partial(scaled, by=3)
    assert describe(some) == f"{scaled.__qualname__}(t=0.5, u='x', factor=2, by=3) {identify(some)}"
    assert describe(own) == f"mine {identify(own)}"
    assert describe({"a": (1, np.float64(2), np.array(3), None)}) == {"a": [1, 2.0, 3, None]}


def test_the_core_is_one_number():
    assert len(core()) == 16 and int(core(), 16)
