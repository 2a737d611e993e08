"""Thousands of runs: declared, trained by workers or on a cluster, kept in files that anybody can check.

survey = Survey("xor", Experiment(layered(2, 2, 1), xor, {"sweeps": 1000, "epsilon": 0.5, "alpha": 0.9}), range(1000))
table = survey.table()     # a row a run, in memory
survey.run("somewhere")    # the same rows in somewhere/xor.csv; killed, it goes on where it was
survey.check("somewhere/xor.csv", rows=[7, 77])
"""

import hashlib
import inspect
import json
import platform as machine
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_info
from tqdm import tqdm

from . import checks, descent, network
from .descent import Fit, runs_in_cache, train
from .files import write_whole
from .network import Activation, ErrorRule, Network, Task, quietly, squared

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

    - `task`: a `Task`, or a function of the seeds that returns one, with cases by run;
    - `recipe`: what `train` is told besides, by name, or a list of such phases, each going on where the last one ended;
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
        object.__setattr__(self, "recipe", checks.recipe(self.recipe, train))
        object.__setattr__(self, "measures", checks.measures(self.measures))

    def run(self, seeds):
        """The `Runs` of some seeds."""
        task = self.task if isinstance(self.task, Task) else self.task(seeds)
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
    names = ["solved_at"] if np.ndim(fit.solved_at) == 1 else [f"solved_at {tolerance:g}" for tolerance in tolerances]
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
        grid = self.grid
        if isinstance(grid, Mapping):
            grid = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
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
        return checks.experiment(self.experiment(**cell) if self.grid else self.experiment, Experiment)

    def parts(self):
        """How the work is parted: (first row, experiment, cell, seeds), as many runs as stay in cache while trained."""
        for number, cell in enumerate(self.cells):
            experiment = self.at(cell)
            task = experiment.task if isinstance(experiment.task, Task) else experiment.task(self.seeds[:1])
            step = runs_in_cache(experiment.net, task.cases)
            for start in range(0, len(self.seeds), step):
                yield number * len(self.seeds) + start, experiment, cell, self.seeds[start : start + step]

    def table(self, rows=None, stored=None):
        """The rows of those numbers, or all: trained now, or read from the folder `stored`, if they are there.

        A stored file serves if its header says the same of the experiment and it has all of the seeds.
        """
        if stored is not None and (table := self._stored(Path(stored) / f"{self.name}.csv")) is not None:
            return table if rows is None else table.iloc[rows].reset_index(drop=True)
        if rows is None:
            rows = numbers = range(len(self))
            parts = list(self.parts())
        else:
            rows = checks.row_numbers(rows, len(self))
            seeds_of = {}
            for row in dict.fromkeys(rows):
                seeds_of.setdefault(row // len(self.seeds), {})[row] = self.seeds[row % len(self.seeds)]
            parts = [
                (next(iter(seeds)), self.at(self.cells[number]), self.cells[number], list(seeds.values()))
                for number, seeds in seeds_of.items()
            ]
            numbers = [row for seeds in seeds_of.values() for row in seeds]
        texts = {first: text for first, text, *_ in _train(self.name, parts)}
        table = pd.concat([_parse(texts[first]) for first, *_ in parts], ignore_index=True)
        return table.set_index(pd.Index(numbers)).loc[rows].reset_index(drop=True)

    def _stored(self, file):
        """The table of a file that has this survey's rows, or None."""
        if not file.exists():
            return None
        stored = read_survey(file)
        header, seeds = stored.attrs["header"], set(self.seeds)
        declared = replace(self, seeds=_seeds(header["seeds"])).declaration()
        if _differences(header, declared, declared) or not seeds <= set(_seeds(header["seeds"])):
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
                _describe(cell) | {key: value for key, value in one.items() if key not in common}
                for cell, one in zip(self.cells, described, strict=True)
            ]
        return header

    def header(self):
        """All that is known before the first run: the declaration, and by what it is computed."""
        measures = {measure for cell in self.cells for measure in self.at(cell).measures}
        return self.declaration() | {"code": code(measures), "libraries": libraries(), "platform": platform()}

    def run(self, folder="data/surveys"):
        """Train all runs and write `folder/name.csv`, with what they are in `folder/name.json`; returns the CSV's path.

        Runs are trained by joblib's workers, in parallel within `joblib.parallel_config(n_jobs=2)`, or on a cluster
        within `joblib.parallel_config(backend="dask")`. Finished parts are written at once: killed at any moment, the
        same call goes on where it was, and the file comes out the same, byte for byte. A file that is complete is left
        as it is. Raises `ValueError`, and overwrites nothing, where a file or its header is damaged or of another
        survey, where parts were begun by other code, other libraries or on another platform, and where a worker
        computes on another platform than this process.
        """
        folder, header = Path(folder), self.header()
        file, parts = folder / f"{self.name}.csv", folder / f".{self.name}.parts"
        if file.exists():
            stored = read_header(file)
            checks.same_survey(_differences(stored, header, self.declaration()), file)
            shutil.rmtree(parts, ignore_errors=True)  # killed while it tidied up
            return file
        parts.mkdir(parents=True, exist_ok=True)
        begun = parts / "header.json"
        if begun.exists() or any(parts.glob("*.csv")):
            checks.same_survey(_differences(_json(begun), header, header), begun)
        else:
            _write(begun, _text(header))
        if file.with_suffix(".json").exists():
            stored = _json(file.with_suffix(".json"))
            checks.same_survey(_differences(stored, header, header), file.with_suffix(".json"))
        made = {int(path.stem) for path in parts.glob("[0-9]*.csv")}
        todo = [part for part in self.parts() if part[0] not in made]
        done = len(self) - sum(len(seeds) for *_, seeds in todo)
        for first, text, where, _ in _train(self.name, todo, len(self), done):
            checks.same_platform(where, header["platform"])
            _write(parts / f"{first:09}.csv", text)
        self._assemble(file, parts, header)
        return file

    def _assemble(self, file, parts, header):
        """Put the parts together: first the header, then the rows, in constant memory."""

        def write(whole):
            with whole.open("w", encoding="utf-8", newline="\n") as out:
                heads = set()
                for first, *_, seeds in self.parts():
                    path = parts / f"{first:09}.csv"
                    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                    heads.add(head)
                    checks.whole_part(path, len(lines), len(seeds), heads)
                    out.writelines(lines if first else [head, *lines])

        write_whole(whole := parts / "whole.csv", write)
        _write(about := parts / "whole.json", _text(header | {"sha256": _sha256(whole)}))
        about.replace(file.with_suffix(".json"))
        whole.replace(file)
        shutil.rmtree(parts)

    def check(self, file, rows, tolerances=None):
        """Train rows of a stored file again, by number, and compare; returns them as they came out now, as a table.

        On the platform that the file's header names, they agree to the last digit. Elsewhere columns may differ by
        `tolerances`, column -> largest difference; those not named may not differ. Raises `ValueError` that names the
        first row and column that differ, or what is wrong with the file.
        """
        stored = read_survey(file)
        header = stored.attrs["header"]
        survey = replace(self, seeds=_seeds(header["seeds"]))
        checks.same_survey(_differences(header, survey.declaration(), survey.declaration()), file)
        again = survey.table(rows)
        exact = header["platform"] == platform()
        allowed = {} if exact else checks.tolerances(tolerances, self.name)
        checks.same_columns(list(stored), list(again), file)
        for column in again:
            before, now = stored[column].to_numpy()[rows], again[column].to_numpy()
            if again[column].dtype.kind in "biuf" and stored[column].dtype.kind in "biuf":
                before, now = before.astype(float), now.astype(float)
                agree = np.isclose(now, before, rtol=0, atol=allowed.get(column, 0), equal_nan=True)
            else:
                agree = pd.Series(before).eq(now) | (pd.isna(before) & pd.isna(now))
            checks.same_values(column, rows, before, now, np.asarray(agree), file)
        return again


def _part(first, experiment, cell, seeds):
    """Train one part: its first row, its rows as text, on which platform, and how many."""
    with parallel_config(backend="sequential"):
        table = experiment.rows(seeds)
    checks.no_clash(cell, table)
    for place, (name, value) in enumerate(cell.items()):
        table.insert(place, name, value if isinstance(value, int | float | str) else str(_describe(value)))
    return first, table.to_csv(index=False, lineterminator="\n"), platform(), len(table)


def _train(name, parts, rows=None, done=0):
    """Train parts as they come, with a bar that shows runs, rate and time left; yields what `_part` returns."""
    rows = sum(len(seeds) for *_, seeds in parts) if rows is None else rows
    results = Parallel(return_as="generator_unordered", batch_size=1)(delayed(_part)(*part) for part in parts)
    with tqdm(total=rows, initial=done, desc=name, unit="run", smoothing=0, delay=1) as bar:
        for result in results:
            yield result
            bar.update(result[-1])


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


def _parse(text):
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""])


def _json(path):
    return checks.header(path, lambda: json.loads(path.read_text(encoding="utf-8")))


def _write(path, text):
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8", newline="\n"))


def _text(header):
    return json.dumps(header, indent=1, ensure_ascii=False) + "\n"


def _differences(stored, header, keys):
    """What a stored header says otherwise: name -> (there, here)."""
    there, here = (dict(_leaves({key: one.get(key) for key in keys})) for one in (stored, json.loads(_text(header))))
    return {key: (there.get(key), here.get(key)) for key in there | here if there.get(key) != here.get(key)}


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


def code(measures=()):
    """A hash of what computes: the core's source, and that of the functions that measure."""
    sources = [inspect.getsource(module) for module in (network, descent)]
    for measure in sorted(measures, key=_name):
        try:
            sources.append(inspect.getsource(measure))
        except (OSError, TypeError):  # typed at a prompt, or not written in Python
            sources.append(_name(measure))
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
    with quietly():
        probe = [a @ b, np.vecdot(a, a), np.exp(x), np.tanh(x)]
    return {
        "machine": f"{machine.system()} {machine.machine()}",
        "numpy": np.__version__,
        "blas": ", ".join(sorted({f"{p['internal_api']} {p['version']} {p.get('architecture', '')}" for p in blas})),
        "bits": hashlib.sha256(b"".join(array.tobytes() for array in probe)).hexdigest()[:16],
    }


def _name(function):
    """Where a function is to be found."""
    return f"{function.__module__}.{getattr(function, '__qualname__', repr(function))}"


def _seeds_in_short(seeds):
    whole = len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return {"from": seeds[0], "to": seeds[-1]} if whole else list(seeds)


def _seeds(short):
    return list(range(short["from"], short["to"] + 1)) if isinstance(short, dict) else short


def _describe(value):
    """A value of a declaration as JSON has it."""
    match value:
        case Experiment():
            names = ("net", "task", "recipe", "measures", "limit")
            return {name: _describe(getattr(value, name)) for name in names}
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
    if callable(value):
        return f"{_name(value)}: {(inspect.getdoc(value) or '').partition(chr(10))[0]}".rstrip(": ")
    return repr(value)


def _describe_layer(net, layer):
    if layer in net.input_layers:
        return f"{layer.name}: {layer.units}"
    bias = net.biases.get(layer.name)
    return f"{layer.name}: {layer.units} {layer.activation}, {f'bias {bias}' if bias else 'no bias'}"
