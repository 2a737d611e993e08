"""Thousands of runs: declared, trained by workers or on a cluster, kept in files that anybody can check.

recipe = {"sweeps": 1425, "epsilon": 0.1, "alpha": 0.9}
survey = Survey("fig1", Experiment(layered(6, 2, 1), symmetry(), recipe), seeds=range(1000))
table = survey.table()     # a row a run, in memory
survey.run("somewhere")    # the same rows in somewhere/fig1.csv; killed, it goes on where it was
survey.check("somewhere/fig1.csv", rows=[7, 77])
"""

import hashlib
import inspect
import json
import platform as machine
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import metadata
from io import StringIO
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_info
from tqdm import tqdm

from . import checks, descent, network
from .descent import Fit, train
from .files import write_whole
from .network import Network, Task
from .units import Activation, ErrorRule, squared

PART = 500  # runs that one worker trains before they are written

# ---------------------------------------------------------------- what is declared


@dataclass(frozen=True)
class Runs:
    """The trained runs of some seeds, as the functions that measure them get to see them.

    `task` has the cases of these runs, `initial` is the weights before, `(runs, size)`, `fit` is a `Fit`.
    """

    experiment: "Experiment"
    seeds: Sequence[int]
    task: Task
    initial: np.ndarray
    fit: Fit

    @property
    def net(self):
        """The net that was trained."""
        return self.experiment.net


@dataclass(frozen=True)
class Experiment:
    """What is done with a seed, and what is measured of the run.

    - `task`: a `Task`, or a function of the seeds that returns one with cases by run, for instance
      `lambda seeds: task.hold_out([[seed % 4] for seed in seeds])`; held-out cases do not count for `solved_at`;
    - `recipe`: what `train` is told besides, by name, or a list of such phases, each going on where the last one ended,
      all with the same `tolerance`;
    - `measures`: functions of `Runs`, each of which returns a dict of column -> `(runs,)`. When a run was solved (at
      each tolerance), its final E, and whether it has diverged are always recorded. One may train on from `runs.fit`.
    - `limit`: the range of the initial weights, as for `initial_weights`.

    Raises `ValueError` for recipes that `train` would not understand.
    """

    net: Network
    task: Task | Callable[[Sequence[int]], Task]
    recipe: Mapping | Sequence[Mapping]
    measures: Sequence[Callable[[Runs], Mapping[str, np.ndarray]]] = ()
    limit: float | np.ndarray = 0.3

    def __post_init__(self):
        checks.task_or_function(self.task, Task)
        object.__setattr__(self, "recipe", checks.recipe(self.recipe, train))
        object.__setattr__(self, "measures", checks.measures(self.measures))

    def cases(self, seeds):
        """The task of the runs of some seeds."""
        return self.task if isinstance(self.task, Task) else checks.instance("the task", self.task(seeds), Task)

    def run(self, seeds):
        """The `Runs` of some seeds."""
        task = self.cases(seeds)
        fit = initial = self.net.initial_weights(seeds, self.limit)
        for phase in self.recipe:
            fit = train(self.net, fit, task, **({"record": 0, "progress": False} | phase))
        return Runs(self, seeds, task, initial, fit)

    def rows(self, seeds):
        """What is recorded of some seeds: a table with a row a run."""
        runs = self.run(seeds)
        columns = {"seed": seeds}
        for measure in (outcome, *self.measures):
            columns |= checks.columns(measure(runs), measure, len(seeds), columns)
        return pd.DataFrame(columns)


def outcome(runs):
    """Sweeps to solution (-1: never) at each tolerance, E after the last phase (NaN if diverged), and divergence."""
    fit, last = runs.fit, runs.experiment.recipe[-1]
    tolerances = np.ravel(last.get("tolerance", 0.5)).tolist()
    names = ["solved_at"] if np.ndim(fit.solved_at) == 1 else [f"solved_at {tolerance!r}" for tolerance in tolerances]
    # of runs that retired, too
    last = train(runs.net, fit, runs.task, 0, 1, error=last.get("error", squared), tolerance=last.get("tolerance", 0.5))
    return dict(zip(names, np.atleast_2d(fit.solved_at), strict=True)) | {
        "error": last.error[-1],
        "diverged": fit.diverged,
    }


@dataclass(frozen=True)
class Survey:
    """An experiment, repeated over `seeds`: a row a run.

    With a `grid`, a dict of names -> values (all combinations) or a list of dicts, `experiment` is a function that
    makes the experiment of each of these cells, and the table has a column for each name. All cells are surveyed with
    the same seeds and record the same columns. Raises `ValueError` for names that are no file's, for seeds that
    repeat, and for cells with different names.
    """

    name: str
    experiment: Experiment | Callable[..., Experiment]
    seeds: Sequence[int]
    grid: Mapping[str, Iterable] | Sequence[Mapping] = ()

    def __post_init__(self):
        checks.survey_name(self.name)
        object.__setattr__(self, "seeds", checks.distinct_seeds(self.seeds))
        grid = checks.grid(self.grid, self.experiment, Experiment)
        if isinstance(grid, Mapping):
            grid = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())] if grid else []
        object.__setattr__(self, "grid", checks.cells(grid))

    @property
    def cells(self):
        """The parameters of each cell; without a grid there is one cell, of no parameters."""
        return self.grid or [{}]

    def __len__(self):
        """The number of rows."""
        return len(self.cells) * len(self.seeds)

    def at(self, cell):
        """The experiment of a cell."""
        made = self.experiment(**cell) if self.grid else self.experiment
        return checks.instance("the survey's experiment", made, Experiment)

    def parts(self):
        """How the work is parted: (first row, experiment, cell, seeds), as many runs as stay in cache while trained.

        But at most `PART` runs, for all workers to have some, and for little to be lost.
        """
        for number, cell in enumerate(self.cells):
            experiment = self.at(cell)
            step = PART
            for start in range(0, len(self.seeds), step):
                yield number * len(self.seeds) + start, experiment, cell, self.seeds[start : start + step]

    def table(self, rows=None, stored=None):
        """The rows of those numbers, or all: trained now, or read from the folder `stored`, if they are there.

        A stored file serves if its header says the same of the experiment and it has all of the seeds.
        """
        rows = range(len(self)) if rows is None else checks.row_numbers(rows, len(self))
        if stored is not None and (table := self._stored(Path(stored) / f"{self.name}.csv")) is not None:
            return table.iloc[list(rows)].reset_index(drop=True)
        return _parse(self._text(rows))

    def _text(self, rows):
        """The rows of those numbers, trained now, as the text of a file."""
        trained = range(len(self))
        if list(rows) == list(trained):
            parts = list(self.parts())
        else:
            seeds_of = {}
            for row in sorted(set(rows)):
                seeds_of.setdefault(row // len(self.seeds), {})[row] = self.seeds[row % len(self.seeds)]
            cells = {number: self.cells[number] for number in seeds_of}
            parts = [(number, self.at(cell), cell, list(seeds_of[number].values())) for number, cell in cells.items()]
            trained = [row for seeds in seeds_of.values() for row in seeds]
        lines = {}
        for first, text, *_ in _train(self.name, parts, platform()):
            head, *lines[first] = text.splitlines(keepends=True)
        lines = dict(zip(trained, (line for first, *_ in parts for line in lines[first]), strict=True))
        return "".join([head, *(lines[row] for row in rows)])

    def _stored(self, file):
        """The table of a file that has this survey's rows, or None."""
        if not file.exists():
            return None
        stored = read_survey(file)
        header, seeds = stored.attrs["header"], set(self.seeds)
        declared = replace(self, seeds=_seeds(header["seeds"])).declaration()
        if _differences(header, declared) or not seeds <= set(_seeds(header["seeds"])):
            return None
        place = {seed: k for k, seed in enumerate(self.seeds)}
        stored = stored[stored.seed.isin(seeds)]
        cell = np.arange(len(stored)) // len(seeds)
        return stored.iloc[np.lexsort((stored.seed.map(place), cell))].reset_index(drop=True)

    # ---------------------------------------------------------------- files

    def declaration(self):
        """What the survey is, for its file's header."""
        described = [_describe(self.at(cell)) for cell in self.cells]
        common = {key: value for key, value in described[0].items() if all(one[key] == value for one in described)}
        header = {"survey": self.name, "rows": len(self), "seeds": _seeds_in_short(self.seeds), "experiment": common}
        if self.grid:
            header["cells"] = [
                {"cell": _describe(cell)} | {key: value for key, value in one.items() if key not in common}
                for cell, one in zip(self.cells, described, strict=True)
            ]
        return header

    def header(self):
        """All that is known before the first run: the declaration, and by what it is computed."""
        functions = [self.experiment] if self.grid else []
        for experiment in map(self.at, self.cells):
            functions += [*experiment.measures, *([] if isinstance(experiment.task, Task) else [experiment.task])]
        return self.declaration() | {"code": code(functions), "libraries": libraries(), "platform": platform()}

    def run(self, folder):
        """Train all runs and write `folder/name.csv`, with what they are in `folder/name.json`; returns the CSV's path.

        Runs are trained by joblib's workers, in parallel within `joblib.parallel_config(n_jobs=2)`, or on a cluster
        within `joblib.parallel_config(backend="dask")`. Finished parts are written at once: killed at any moment, the
        same call goes on where it was, and the file comes out the same, byte for byte. A file that is complete is left
        as it is, even if code that it was made by has changed since: `check` tells. Raises `ValueError`, and overwrites
        nothing, where a file or its header is damaged or of another survey, where parts were begun by other code, other
        libraries or on another platform, where a worker computes on another platform than this process, and where
        another process is at work on the same survey.
        """
        folder = Path(folder)
        file, parts = folder / f"{self.name}.csv", folder / f".{self.name}.parts"
        if file.exists():
            checks.same_survey(_differences(read_header(file), self.declaration()), file)
            shutil.rmtree(parts, ignore_errors=True)  # killed while it tidied up
            return file
        header = self.header()
        parts.mkdir(parents=True, exist_ok=True)
        with checks.alone(FileLock(parts / "lock"), parts, Timeout):
            begun = parts / "header.json"
            if begun.exists() or any(parts.glob("*.csv")):
                checks.same_survey(_differences(_json(begun), header), parts)
            else:
                _write(begun, _text(header))
            if (about := file.with_suffix(".json")).exists():
                checks.same_survey(_differences(_json(about), header), about)
            todo, head = [], None
            for part in self.parts():
                if (path := parts / f"{part[0]:09}.csv").exists():
                    head, _ = _whole(path, len(part[-1]), head)
                else:
                    todo.append(part)
            done = len(self) - sum(len(seeds) for *_, seeds in todo)
            for first, text, *_ in _train(self.name, todo, header["platform"], len(self), done, head):
                _write(parts / f"{first:09}.csv", text)
            self._assemble(file, parts, header)
        shutil.rmtree(parts)
        return file

    def _assemble(self, file, parts, header):
        """Put the parts together, in constant memory; the header is in its place before the rows."""

        def write(whole):
            with whole.open("w", encoding="utf-8", newline="\n") as out:
                head = None
                for first, *_, seeds in self.parts():
                    head, lines = _whole(parts / f"{first:09}.csv", len(seeds), head)
                    out.writelines(lines if first else [head, *lines])

        write_whole(whole := parts / "whole.csv", write)
        _write(about := parts / "whole.json", _text(header | {"sha256": _sha256(whole)}))
        about.replace(file.with_suffix(".json"))
        whole.replace(file)

    def check(self, file, rows, tolerances=None):
        """Train rows of a stored file again, by number, and compare; returns them as they came out now, as a table.

        On the platform that the file's header names, they agree to the last digit. Elsewhere columns may differ by
        `tolerances`, column -> largest difference; those not named may not differ. Raises `ValueError` that names the
        first row and column that differ, or what is wrong with the file.
        """
        header = read_header(file)
        survey = replace(self, seeds=_seeds(header["seeds"]))
        checks.same_survey(_differences(header, survey.declaration()), file)
        rows = checks.row_numbers(rows, len(survey))
        allowed = {} if header["platform"] == platform() else checks.tolerances(tolerances, self.name)
        text = survey._text(rows)
        again, stored = _parse(text, dtype=str), _parse(Path(file).read_text(encoding="utf-8"), dtype=str).iloc[rows]
        checks.same_columns(list(stored), list(again), file)
        for column in again:
            before, now = stored[column].fillna("").to_numpy(), again[column].fillna("").to_numpy()
            agree = before == now
            if column in allowed:
                gap = np.subtract(_numbers(before), _numbers(now))
                agree |= np.abs(gap) <= allowed[column]
            checks.same_values(column, rows, before, now, agree, file)
        return _parse(text)


def _numbers(text):
    """What the text of a column says, True being 1 and False 0; NaN where it is no number."""
    text = pd.Series(text).replace({"True": "1", "False": "0"})
    return pd.to_numeric(text, errors="coerce").to_numpy(float)


def _part(first, experiment, cell, seeds):
    """Train one part: its first row, its rows as text, on which platform, and how many."""
    with parallel_config(backend="sequential"):
        table = experiment.rows(seeds)
    checks.no_clash(cell, table)
    for place, (name, value) in enumerate(cell.items()):
        table.insert(place, name, value if isinstance(value, int | float | str) else str(_describe(value)))
    text = table.to_csv(index=False, lineterminator="\n")
    checks.lines(text, len(table))
    return first, text, platform(), len(table)


def _train(name, parts, where, rows=None, done=0, head=None):
    """Train parts as they come, with a bar that shows runs, rate and time left; yields what `_part` returns.

    All must be trained on the platform `where`, and have the columns `head`, or one another's.
    """
    rows = sum(len(seeds) for *_, seeds in parts) if rows is None else rows
    results = Parallel(return_as="generator_unordered", batch_size=1)(delayed(_part)(*part) for part in parts)
    with tqdm(total=rows, initial=done, desc=name, unit="run", smoothing=0, delay=1) as bar:
        for result in results:
            _, text, platform_there, runs = result
            checks.same_platform(platform_there, where)
            head = checks.same_head(text.partition("\n")[0] + "\n", head)
            yield result
            bar.update(runs)


# ---------------------------------------------------------------- reading


def read_survey(file):
    """A survey's file as a table with a row a run; `.attrs["header"]` has what is known of it.

    Raises `ValueError` if the file or its header is missing or damaged.
    """
    header = read_header(file)
    table = _parse(Path(file).read_text(encoding="utf-8"))
    table.attrs["header"] = header
    return table


def read_header(file):
    """What is known of a survey's file: the JSON beside it, checked against the file."""
    checks.rows_exist(file := Path(file))
    header = _json(file.with_suffix(".json"))
    checks.file_of_header(file, header, _sha256)
    return header


def _parse(text, dtype=None):
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""], dtype=dtype)


def _whole(path, rows, head):
    """The first line of a part, and the others, if it is whole and has the columns `head`."""
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = checks.whole_part(path, list(file), rows)
    return checks.same_head(lines[0], head), lines[1:]


def _json(path):
    return checks.header(path, lambda: json.loads(path.read_text(encoding="utf-8")))


def _write(path, text):
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def _text(header):
    return json.dumps(header, indent=1, ensure_ascii=False) + "\n"


def _differences(stored, known):
    """What a stored header says otherwise than what is known here: name -> (there, here)."""
    there, here = (dict(_leaves({key: one.get(key) for key in known})) for one in (stored, json.loads(_text(known))))
    return {
        key: (there.get(key), here.get(key))
        for key in there | here
        if repr(there.get(key)) != repr(here.get(key))  # NaN is no other than itself
    }


def _leaves(value, path=()):
    """What stands at the ends of nested dicts and lists: pairs of a path, in words, and a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inside:
        yield " ".join(map(str, path)), value
    for key, one in inside:
        yield from _leaves(one, (*path, key))


def _sha256(path):
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- provenance


def code(functions=()):
    """A hash of what computes: the core, this module, and the files in which the survey's own functions stand."""
    sources = {inspect.getsource(module): None for module in (network, descent, sys.modules[__name__])}
    for function in functions:
        function = getattr(function, "func", function)  # of a partial
        for thing in (inspect.getmodule(function), function):
            try:
                sources[inspect.getsource(thing)] = None
            except (OSError, TypeError):  # typed at a prompt, or not written in Python
                sources[_name(function)] = None
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()[:16]


def libraries():
    """Versions of Python and of what the rows come from."""
    python = ".".join(machine.python_version_tuple()[:2])
    return {"python": python} | {name: metadata.version(name) for name in ("numpy", "scipy", "pandas")}


@cache
def platform():
    """What decides the last bit: processor and system, NumPy, BLAS and its kernel, and a probe of the bits."""
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    rng = np.random.default_rng(0)
    a, b, x = rng.standard_normal((40, 3, 7, 25)), rng.standard_normal((40, 3, 25, 6)), np.linspace(-30, 30, 10007)
    with np.errstate(all="ignore"):
        probe = [a @ b, np.vecdot(a, a), np.exp(x), np.tanh(x)]
    return {
        "machine": f"{machine.system()} {machine.machine()}",
        "numpy": np.__version__,
        "blas": ", ".join(sorted({f"{p['internal_api']} {p['version']} {p.get('architecture', '')}" for p in blas})),
        "bits": hashlib.sha256(b"".join(array.tobytes() for array in probe)).hexdigest()[:16],
    }


def _name(function):
    """What a function is called, wherever it stands: a script's own module has another name when it is imported."""
    return getattr(function, "__qualname__", type(function).__name__)


def _seeds_in_short(seeds):
    if isinstance(seeds, range):
        whole = len(seeds) > 1 and seeds.step == 1
    else:
        whole = len(seeds) > 1 and all(b - a == 1 for a, b in pairwise(seeds))
    return {"from": seeds[0], "to": seeds[-1]} if whole else list(seeds)


def _seeds(short):
    return list(range(short["from"], short["to"] + 1)) if isinstance(short, dict) else short


def _describe(value):
    """A value of a declaration as JSON has it."""
    match value:
        case Experiment():
            names = ("net", "task", "recipe", "measures", "limit")
            told = {name: _describe(getattr(value, name)) for name in names}
            return told if isinstance(value.task, Task) else told | {"task of seed 0": _describe(value.cases([0]))}
        case Network():
            masks = {f"mask of {link.weights}": _describe(link.mask) for link in value.links if link.mask is not None}
            return {
                "layers": [_describe_layer(value, layer) for layer in value.layers],
                "links": [f"{link.source}->{link.target}: {link.weights}" for link in value.links],
            } | masks
        case Task():
            return {name: _describe(getattr(value, name)) for name in ("inputs", "targets", "held_out")}
        case ErrorRule() | Activation():
            return repr(value)
        case Mapping():
            return {str(key): _describe(one) for key, one in value.items()}
        case np.ndarray() if value.ndim:
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
            return f"{value.dtype} {value.shape} {digest}"
        case np.generic() | np.ndarray():
            return value.item()
        case list() | tuple() | range():
            return [_describe(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
        case partial():
            return [_describe(part) for part in (value.func, value.args, value.keywords)]
    if callable(value):
        known = inspect.getclosurevars(value).nonlocals if inspect.isfunction(value) else {}
        told = f"{_name(value)}: {(inspect.getdoc(value) or '').partition(chr(10))[0]}".rstrip(": ")
        return [told, _describe(known)] if known else told
    return checks.tellable(repr(value))


def _describe_layer(net, layer):
    if layer in net.input_layers:
        return f"{layer.name}: {layer.units}"
    bias = net.biases.get(layer.name)
    return f"{layer.name}: {layer.units} {layer.activation}, {f'bias {bias}' if bias else 'no bias'}"
