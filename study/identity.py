"""What a function or a value is, in sixteen digits: the same in every process, changed by whatever it does otherwise.

A function is its syntax tree without docstrings (formatting and comments change nothing, and all Pythons read the same
tree), its defaults, what it closes over, and, in turn, every function, class and constant that it names, in whatever
file they stand. Where no source is found that compiles to what runs (typed at a prompt), its bytecode stands for the
tree, and Python's version with it. Installed libraries and the core, which is `bp` and what keeps surveys, are known by
their names. Other objects are their class and what pickle would keep of them; sets are taken in the order of their
members' digits.

Not seen: files that a function reads, and names that it makes up while it runs.

Neither joblib.hash nor cloudpickle can serve: the one takes functions by name, the other depends on the order of sets
and on Python's version, and takes functions in files by name, too.
"""

import __future__

import ast
import copyreg
import dis
import hashlib
import importlib
import linecache
import os
import sys
import warnings
from dataclasses import fields, is_dataclass
from functools import cache, cached_property, lru_cache, partial
from importlib.util import find_spec, resolve_name
from inspect import CO_OPTIMIZED, getsource, isdatadescriptor
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import numpy as np

import bp
from bp import Activation, ErrorRule, Network, Task

from .checks import fail

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
ENGINE = ("checks", "files", "identity", "survey")  # the files of this package that train and keep surveys
CORE = {f"bp.{path.stem}": path for path in sorted(Path(bp.__file__).parent.glob("*.py"))}
CORE |= {f"{__package__}.{name}": Path(__file__).with_name(f"{name}.py") for name in ENGINE}
_CORE_AS_IMPORTED = [path.read_text(encoding="utf-8") for path in CORE.values()]  # it may be edited while it runs
STANDARD = f"{Path(os.__file__).parent}{os.sep}"


def identify(value, running=False):
    """The sixteen digits of a value. With `running`, of what runs here, by its bytecode: to compare two processes.

    Raises `ValueError` for what cannot be told from others: locks, open files, generators.
    """
    return _hash(_Walk(running).digest(value))


@cache
def core():
    """The sixteen digits of the core, as it was imported."""
    return _hash("\n".join(_dump(ast.parse(text)) for text in _CORE_AS_IMPORTED))


def _hash(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# ---------------------------------------------------------------- described


def describe(value):
    """A value of a declaration as JSON has it; what has no short form by its name and what `identify` says of it."""
    kind = type(value)
    if kind is Network:
        masks = {f"mask of {link.weights}": describe(link.mask) for link in value.links if link.mask is not None}
        return {
            "layers": [_describe_layer(value, layer) for layer in value.layers],
            "links": [f"{link.source}->{link.target}: {link.weights}" for link in value.links],
        } | masks
    if kind is Task:
        return {name: describe(getattr(value, name)) for name in ("inputs", "targets", "held_out")}
    if kind is dict:
        return {str(key): describe(one) for key, one in value.items()}
    if kind in (list, tuple, range):
        return [describe(one) for one in value]
    if isinstance(value, np.generic) or (kind is np.ndarray and not value.ndim):
        return describe(value.item())
    if kind is np.ndarray:
        return f"{value.dtype} {value.shape} {identify(value)}"
    return value if value is None or kind in (bool, int, float, str) else _name(value)


def _name(value):
    """What a function or an object is called, with those parameters that are numbers or texts, and its identity."""
    function = value.func if isinstance(value, partial) else value
    if isinstance(value, ErrorRule | Activation):
        name = repr(value)
    else:
        name = getattr(function, "__qualname__", type(function).__name__)
    given = value.keywords if isinstance(value, partial) else {}
    if isinstance(function, FunctionType):
        code, defaults = function.__code__, function.__defaults__ or ()
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
        closed = dict(zip(code.co_freevars, map(_inside, function.__closure__ or ()), strict=True))
        given = dict(zip(names, defaults, strict=True)) | (function.__kwdefaults__ or {}) | closed | given
    plain = ", ".join(f"{name}={one!r}" for name, one in given.items() if type(one) in (bool, int, float, str))
    return f"{name}({plain}) {identify(value)}" if plain else f"{name} {identify(value)}"


def _describe_layer(net, layer):
    if layer in net.input_layers:
        return f"{layer.name}: {layer.units}"
    bias = net.biases.get(layer.name)
    return f"{layer.name}: {layer.units} {_name(layer.activation)}, {f'bias {bias}' if bias else 'no bias'}"


# ---------------------------------------------------------------- identified


class _Walk:
    """A walk through all that makes a value what it is."""

    def __init__(self, running):
        self.running = running
        self.above = []  # the values whose parts are being looked at
        self.known = {}  # id -> (value, digest) of those that are done
        self.highest = sys.maxsize  # how far up a part of the current value has referred back

    def digest(self, value):
        if type(value) in PLAIN:
            return f"{type(value).__name__} {value!r}"
        if id(value) in self.known:
            return self.known[id(value)][1]
        for place, one in enumerate(self.above):
            if one is value:  # a function that calls itself, or a list that holds itself
                self.highest = min(self.highest, place)
                return f"{len(self.above) - place} up"
        place, outside, self.highest = len(self.above), self.highest, sys.maxsize
        self.above.append(value)
        digest = _hash("\n".join(map(self.digest, self.parts(value))))
        self.above.pop()
        if self.highest >= place:
            self.known[id(value)] = value, digest  # the value too, for no other to get its id
            self.highest = outside
        self.highest = min(self.highest, outside)
        return digest

    def parts(self, value):
        """What a value consists of: a name of its kind first."""
        kind = type(value)
        if kind in (list, tuple):
            return [kind.__name__, *value]
        if kind is dict:
            return ["dict", *value.items()]
        if kind in (set, frozenset):
            return ["set", *sorted(map(self.digest, value))]
        if isinstance(value, np.generic) or (kind in (np.ndarray, np.memmap) and value.dtype != object):
            return ["array", str(value.dtype), str(np.shape(value)), np.ascontiguousarray(value).tobytes()]
        if kind is CodeType:
            return ["code", *(getattr(value, name) for name in _OF_CODE)]
        if kind is FunctionType:
            return self.function(value)
        if kind is ModuleType:
            own = _own(value.__name__, _file(value.__name__))
            return ["module", value.__name__, *([_dump(ast.parse(getsource(value)))] if own else [])]
        if isinstance(value, type):
            return _class(value)
        if kind is Network:
            return ["Network", value.layers, value.links]
        if is_dataclass(value) and not _own(kind.__module__, _file(kind.__module__)):
            return [kind.__qualname__, *(getattr(value, field.name) for field in fields(value))]
        if kind is property:
            return ["property", value.fget, value.fset, value.fdel]
        if kind is cached_property:
            return ["property", value.func]
        if kind is np.vectorize:  # it keeps what it has made
            return ["vectorize", value.pyfunc, value.otypes, value.excluded, value.signature]
        if hasattr(value, "__wrapped__") and not _own(kind.__module__, _file(kind.__module__)):
            return [kind.__qualname__, value.__wrapped__]  # of functools.cache, numba.njit, staticmethod
        try:
            if kind is np.ufunc and "(vectorized)" in value.__name__:  # by frompyfunc
                raise TypeError("the function in it is hidden")
            reduced = copyreg.dispatch_table.get(kind, lambda one: one.__reduce_ex__(2))(value)
        except Exception as error:
            owners = [one.__qualname__ for one in reversed(self.above[:-1]) if isinstance(one, FunctionType)]
            fail(
                f"{' of '.join([repr(value), *owners])} cannot be told from others ({error})",
                "what can be pickled: numbers, texts, arrays, functions, and lists and objects of such",
            )
        if isinstance(reduced, str):
            return ["named", getattr(value, "__module__", None), reduced]
        function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        return ["object", function, arguments, state, list(items or ()), list(pairs or ())]

    def function(self, function):
        code, scope = function.__code__, function.__globals__
        loaded, imported, mentioned = _names(code)
        seen = lambda one: _module(one, mentioned) if type(one) is ModuleType else one  # noqa: E731
        closed = [seen(_inside(cell)) for cell in function.__closure__ or ()]
        given = [function.__defaults__, function.__kwdefaults__, closed, vars(function)]
        if not _own(scope.get("__name__", ""), code.co_filename):
            name = [function.__module__, function.__qualname__]
            if "<" not in function.__qualname__:
                return ["function", *name]
            return ["function", *name, *given, *([self.code(code)] if code.co_name == "<lambda>" else [])]
        named = {name: seen(scope[name]) for name in loaded if name in scope}
        package = scope.get("__package__") or ""
        return ["function", self.code(code), *given, named, [_import(name, package, mentioned) for name in imported]]

    def code(self, code):
        if self.running:
            return code
        linecache.checkcache(code.co_filename)
        text = "".join(linecache.getlines(code.co_filename))
        trees = _trees(text, code.co_flags & __future__.annotations.compiler_flag)
        tree = trees.get(identify(code, running=True)) if trees else None
        return tree or (f"bytecode of Python {sys.version_info[:2]}", code)


# ---------------------------------------------------------------- functions

_OF_CODE = (  # all but where it stands
    *("co_qualname", "co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_exceptiontable"),
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@lru_cache(maxsize=64)
def _trees(text, flags):
    """The functions of a program: their bytecode, as `identify` has it -> their syntax trees, as `_dump` has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what compiled before
        try:
            tree = ast.parse(text)
            compiled = compile(tree, "", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError):  # no program
            return {}
        nodes = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
        dumps, names = [_dump(node) for node in nodes], [getattr(node, "name", "<lambda>") for node in nodes]
        lines = text.count("\n") + 2
        for number, node in enumerate(nodes, 1):  # a function's line, in a second compilation, says which one it is
            for one in ast.walk(node):
                if hasattr(one, "lineno"):
                    one.lineno, one.end_lineno = (
                        line % lines + number * lines for line in (one.lineno, one.end_lineno)
                    )
        numbered = compile(tree, "", "exec", flags, dont_inherit=True)
    found, todo = {}, [(compiled, numbered)]
    for code, twin in todo:
        number = twin.co_firstlineno // lines - 1
        if code.co_flags & CO_OPTIMIZED and number >= 0 and names[number] == code.co_name:
            found.setdefault(identify(code, running=True), dumps[number])
        todo += zip(_nested(code), _nested(twin), strict=True)
    return found


def _nested(code):
    return [one for one in code.co_consts if type(one) is CodeType]


def _dump(node):
    """A syntax tree as text: without places and docstrings, and the same by all Pythons."""
    if isinstance(node, list):
        return f"[{', '.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    values = dict(ast.iter_fields(node))
    match values.get("body"):
        case [ast.Expr(ast.Constant(str())), *rest]:
            values["body"] = rest
    told = (f"{name}={_dump(value)}" for name, value in values.items() if value is not None and value != [])
    return f"{type(node).__name__}({', '.join(told)})"


@lru_cache(maxsize=4096)
def _names(code):
    """The globals that a function loads, the modules that it imports, and all names and words that stand in it."""
    steps = list(dis.get_instructions(code))
    loaded = {step.argval for step in steps if step.opname.startswith("LOAD_") and step.opname.endswith(_LOADING)}
    imported = {
        "." * steps[place - 2].argval + step.argval for place, step in enumerate(steps) if step.opname == "IMPORT_NAME"
    }
    mentioned = {*code.co_names, *(word for word in code.co_consts if isinstance(word, str))}
    for inner in map(_names, _nested(code)):
        loaded, imported, mentioned = loaded.union(inner[0]), imported.union(inner[1]), mentioned.union(inner[2])
    return sorted(name for name in loaded if not _dunder(name)), sorted(imported), sorted(mentioned)


_LOADING = ("_GLOBAL", "_GLOBALS", "_NAME")


def _inside(cell):
    """What a function closes over, if it has been given."""
    try:
        return cell.cell_contents
    except ValueError:
        return "empty"


# ---------------------------------------------------------------- modules and classes


def _own(module, file):
    """Whether code is looked at: not that of the core and of installed libraries, which are known by name."""
    if module == "__main__":
        return True
    if module == "bp" or module in CORE:
        return False
    if module.partition(".")[0] == __package__:
        return True
    if not file:
        return module.partition(".")[0] not in sys.stdlib_module_names
    installed = file.startswith((STANDARD, "<frozen")) or {"site-packages", "dist-packages"} & {*Path(file).parts}
    return not installed


def _file(module):
    module = sys.modules.get(module)
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)


def _module(module, names, outer=()):
    """A module as functions see it that mention some names: those of them that it has."""
    if module in outer or not _own(module.__name__, _file(module.__name__)):
        return module
    has = {name: vars(module)[name] for name in names if name in vars(module) and not _dunder(name)}
    if not has:  # handed on to another function
        return module
    return {
        name: _module(one, names, (*outer, module)) if type(one) is ModuleType else one for name, one in has.items()
    }


def _import(name, package, names):
    """A module that a function imports when it is called."""
    name = resolve_name(name, package)
    top = name.partition(".")[0]
    spec = None if top in sys.builtin_module_names or top == "__main__" else find_spec(top)
    where = spec and (spec.origin or next(iter(spec.submodule_search_locations or ()), None))
    return _module(importlib.import_module(name), names) if where and _own(name, where) else name


def _class(kind):
    if not _own(kind.__module__, _file(kind.__module__)):
        return ["class", kind.__module__, kind.__qualname__]
    body = {name: one for name, one in vars(kind).items() if _written(name, one, kind)}
    of_dataclass = [(one.name, one.default, one.default_factory) for one in fields(kind)] if is_dataclass(kind) else []
    return ["class", kind.__qualname__, type(kind), kind.__bases__, of_dataclass, body]


def _written(name, one, kind):
    """Whether something in a class was written there, and not made by Python, `dataclass` or `NamedTuple`."""
    function = getattr(one, "__func__", one)
    if isinstance(function, FunctionType):
        file = function.__code__.co_filename
        generated = file == "<string>" or (_dunder(name) and not _own(function.__module__, file))
        return kind.__module__ == "__main__" or not generated
    if isinstance(one, property):
        return True
    made = isdatadescriptor(one) and not _own(type(one).__module__, _file(type(one).__module__))
    return not (made or _dunder(name) or name == "_abc_impl")


def _dunder(name):
    return name.startswith("__") and name.endswith("__")
