"""Two packages: `bp` is light and stands alone; imports run one way."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter

from study.files import REPOSITORY

ALONE = """
import sys
from importlib.metadata import packages_distributions, requires
from packaging.requirements import Requirement

needed, todo = {"bp"}, ["numpy", "numba", "joblib", "tqdm"]
for name in todo:  # and what these need themselves
    needed.add(name)
    wanted = [Requirement(one) for one in requires(name) or ()]
    todo += [one.name for one in wanted if one.name not in todo and (not one.marker or one.marker.evaluate())]
others = {name for name, owners in packages_distributions().items() if not needed & {*owners}}
sys.modules.update(dict.fromkeys(others | {"study"}))  # None: importing them is an ImportError

import bp
net = bp.layered(2, 2, 1)
print(bp.train(net, net.initial_weights([0]), bp.parity(2), 10, 0.5).error.shape)
"""


def test_bp_stands_alone():
    """With nothing but NumPy, Numba, joblib and tqdm, and what the standard library has."""
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.stdout == "(11, 1)\n", done.stderr


def imported(path):
    """The modules of the two packages that a module imports, "bp" being its `__init__`."""
    package = path.parent.name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module or ''}".rstrip(".") if node.level else node.module
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_imports_run_one_way():
    """No module imports one that imports it, and nothing in `bp` imports `study`."""
    paths = {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): path
        for package in ("bp", "study")
        for path in (REPOSITORY / package).glob("**/*.py")
    }
    needs = {module: set(imported(path)) & set(paths) - {module} for module, path in paths.items()}
    for module, needed in needs.items():
        if module.partition(".")[0] == "bp":
            assert not [one for one in needed if one.partition(".")[0] == "study"], module
            needed.discard("bp")  # a module beside it, `from . import checks`
        else:
            needed.discard("study")
    order = list(TopologicalSorter(needs).static_order())  # raises CycleError
    assert order.index("bp.equations") < order.index("bp.network") < order.index("bp.descent") < order.index("bp")
