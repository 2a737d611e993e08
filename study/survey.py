"""Thousands of runs: declared, trained by workers or on a cluster, kept in files that anybody can check.

recipe = {"sweeps": 1425, "epsilon": 0.1, "alpha": 0.9}
survey = Survey("fig1", Experiment(layered(6, 2, 1), symmetry(), recipe), seeds=range(1000))
table = survey.table()     # a row a run, in memory
survey.run("somewhere")    # the same rows in somewhere/fig1.csv; killed, it goes on where it was
survey.check("somewhere/fig1.csv", rows=[7, 77])
"""

import hashlib
import json
import platform as machine
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from io import StringIO
from itertools import pairwise, product
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from threadpoolctl import threadpool_info
from tqdm import tqdm

from bp import Fit, Network, Task, layout, squared, train
from bp.files import write_whole

from . import checks
from .checks import fail
from .identity import core, describe, identify

PART = 500  # the most runs that one worker trains before they are written
PARTS = 100  # of a survey, at least, if its runs are that many: for all workers to have some, and for little to be lost

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

    Raises `ValueError` for a recipe that names what `train` does not have; its values `train` checks when it runs.
    """

    net: Network
    task: Task | Callable[[Sequence[int]], Task]
    recipe: Mapping | Sequence[Mapping]
    measures: Sequence[Callable[[Runs], Mapping[str, np.ndarray]]] = ()
    limit: float | np.ndarray = 0.3

    def __post_init__(self):
        if not isinstance(self.net, Network):
            fail(f"the net is {self.net!r}", "a bp.Network")
        if not callable(self.task):
            checks.instance("the task", self.task, Task)
        object.__setattr__(self, "recipe", checks.recipe(self.recipe, train))
        if not isinstance(self.measures, list | tuple) or not all(map(callable, self.measures)):
            fail(f"measures is {self.measures!r}", "a list of functions of study.Runs")
        object.__setattr__(self, "measures", tuple(self.measures))

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
        """What is recorded of some seeds: a table with a row a run. `.attrs["bound"]` names platform-bound columns."""
        runs, columns, bound = self.run(seeds), {"seed": seeds}, []
        for measure in (outcome, *self.measures):
            found = checks.columns(measure(runs), measure, len(seeds), columns)
            columns |= found
            bound += found if self.bound([measure]) else []
        table = pd.DataFrame(columns)
        table.attrs["bound"] = bound
        return table

    def described(self):
        """What it is, for a file's header; of another class, with what that is."""
        told = {name: describe(getattr(self, name)) for name in ("net", "task", "recipe", "measures", "limit")}
        return told if type(self) is Experiment else told | {"class": describe(self)}

    def bound(self, measures=None):
        """Whether columns of some of its measures, by default of any, differ from platform to platform."""
        measures = self.measures if measures is None else measures
        marked = any(hasattr(getattr(measure, "func", measure), "platform_bound") for measure in measures)
        return marked or not _exact(self)


def platform_bound(why):
    """Mark a measure whose values differ in their last digits from platform to platform: it goes through SciPy's
    optimisers, LAPACK, BLAS or the system's mathematical functions. `why` says through which."""

    def mark(measure):
        measure.platform_bound = why
        return measure

    return mark


def _exact(experiment):
    """Whether runs come out the same on every platform: no activation or error rule of the user's own is in them."""
    return all(layout.knows(experiment.net, phase.get("error", squared)) for phase in experiment.recipe)


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
    """An experiment, repeated over `seeds`, `range(100)` for instance: a row a run. One number is one seed.

    With a `grid`, a dict of names -> values (all combinations) or a list of dicts, `experiment` is a function that
    makes the experiment of each of these cells, and the table has a column for each name. All cells are surveyed with
    the same seeds and record the same columns. Raises `ValueError` for names that are no file's, for seeds that
    repeat, and for cells with different names.

    Stored rows are those of a survey if net, cases, recipe and the range of the weights are the same, and all functions
    in it do the same: their source, defaults, and what they close over and refer to, in whatever file (`identity`).
    If another version of the package's core, of Python or of a library made them, the first and the last row are
    trained again and must agree.
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
        """How the work is parted: (first row, experiment, cell, seeds)."""
        step = min(PART, ceil(len(self) / PARTS))
        for number, cell in enumerate(self.cells):
            experiment = self.at(cell)
            for start in range(0, len(self.seeds), step):
                yield number * len(self.seeds) + start, experiment, cell, self.seeds[start : start + step]

    def table(self, rows=None, stored=None):
        """The rows of those numbers, or all: trained now, or read from the folder `stored`, if they are there.

        They are there if the file is of this survey and has all of the seeds; then `.attrs["file"]` names it. Raises
        `ValueError` if there is no such folder.
        """
        rows = range(len(self)) if rows is None else checks.row_numbers(rows, len(self))
        if stored is not None and (table := self._stored(Path(stored))) is not None:
            return table.iloc[list(rows)].reset_index(drop=True)
        return _parse(self._text(rows)[0])

    def _text(self, rows):
        """The rows of those numbers, trained now, as the text of a file; and of each its platform-bound columns."""
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
        for first, text, bound, _ in _train(self.name, parts):
            head, *texts = text.splitlines(keepends=True)
            lines[first] = [(line, bound) for line in texts]
        lines = dict(zip(trained, (line for first, *_ in parts for line in lines[first]), strict=True))
        return "".join([head, *(lines[row][0] for row in rows)]), [lines[row][1] for row in rows]

    def _stored(self, folder):
        """The table of a file that has this survey's rows, or None."""
        if not folder.is_dir():
            fail(
                f"there is no folder {folder}", "the one that has the survey's rows; without `stored` they are trained"
            )
        if not (file := folder / f"{self.name}.csv").exists():
            return None
        stored, seeds = read_survey(file), set(self.seeds)
        whole = replace(self, seeds=_seeds(stored.attrs["header"]["seeds"]))
        if _differences(stored.attrs["header"], whole.declaration()) or not seeds <= set(whole.seeds):
            return None
        whole._confirm(file)
        place = {seed: k for k, seed in enumerate(self.seeds)}
        stored.attrs = {"file": file.name}  # not the header: pandas copies it at every operation
        stored = stored[stored.seed.isin(seeds)]
        cell = np.arange(len(stored)) // len(seeds)
        return stored.iloc[np.lexsort((stored.seed.map(place), cell))].reset_index(drop=True)

    # ---------------------------------------------------------------- files

    def declaration(self):
        """What the survey is, for its file's header."""
        described = [self.at(cell).described() for cell in self.cells]
        common = {key: value for key, value in described[0].items() if all(one[key] == value for one in described)}
        header = {"survey": self.name, "rows": len(self), "seeds": _seeds_in_short(self.seeds), "experiment": common}
        if self.grid:
            header["cells"] = [
                {"cell": describe(cell)} | {key: value for key, value in one.items() if key not in common}
                for cell, one in zip(self.cells, described, strict=True)
            ]
        return header

    def header(self):
        """All that is known before the first run: the declaration, by what it is made, and where, if that counts."""
        bound = any(self.at(cell).bound() for cell in self.cells)
        return self.declaration() | _versions() | ({"platform": platform()} if bound else {})

    def run(self, folder):
        """Train all runs and write `folder/name.csv`, with what they are in `folder/name.json`; returns the CSV's path.

        Runs are trained by joblib's workers, in parallel within `joblib.parallel_config(n_jobs=2)`, or on a cluster
        within `joblib.parallel_config(backend="dask")`. Finished parts are written at once: killed at any moment, the
        same call goes on where it was, and the file comes out the same, byte for byte. A file that is complete is left
        as it is. Raises `ValueError`, and overwrites nothing, where a file or its header is damaged or of another
        survey, where parts were begun by other code or libraries, where a worker's code is not that of this process,
        and where another process is at work on the same survey.
        """
        folder = Path(folder)
        file, parts = folder / f"{self.name}.csv", folder / f".{self.name}.parts"
        if file.exists():
            checks.same_survey(_differences(read_header(file), self.declaration()), file)
            self._confirm(file)
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
            for first, text, *_ in _train(self.name, todo, len(self), done, head):
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

    def _confirm(self, file):
        """See that rows by another version of the core, of Python or of a library are those that come out now."""
        header = read_header(file)
        if _differences(header, _versions()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # columns that another platform decides are served as they are
                self.check(file, [0, len(self) - 1])

    def check(self, file, rows):
        """Train rows of a stored file again, by number, and compare; returns them as they came out now, as a table.

        They agree to the last digit. Platform-bound columns of a file from another platform are not compared: a warning
        names them, and `.attrs["not compared"]`. Raises `ValueError` that names the first row and column that differ,
        or what is wrong with the file.
        """
        header = read_header(file)
        survey = replace(self, seeds=_seeds(header["seeds"]))
        checks.same_survey(_differences(header, survey.declaration()), file)
        rows = checks.row_numbers(rows, len(survey))
        text, bound = survey._text(rows)
        again, stored = _parse(text, dtype=str), _parse(Path(file).read_text(encoding="utf-8"), dtype=str).iloc[rows]
        if list(stored) != list(again):
            fail(f"{file} has the columns {list(stored)}", f"{list(again)}, as the survey records now")
        bound = bound if header.get("platform") != platform() else [[]] * len(rows)
        left_out = ", ".join(sorted({column for columns in bound for column in columns}))
        if left_out:
            warnings.warn(f"{file} is from another platform; not compared: {left_out}", stacklevel=2)
        for column in again:
            pairs = zip(rows, stored[column].fillna(""), again[column].fillna(""), bound, strict=True)
            for row, before, now, columns in pairs:
                if before != now and column not in columns:
                    wrong = f"{file} has {column} = {before} in row {row}"
                    why = "file or code has changed, or a measure draws at random"
                    fail(wrong, f"{now}, as the row comes out now: {why}")
        table = _parse(text)
        table.attrs["not compared"] = left_out
        return table


def _part(first, experiment, cell, seeds, here):
    """Train one part: its first row, its rows as text, the platform-bound columns, and the number of rows."""
    if here and here != _here(experiment):
        fail(
            "a worker has other functions, constants or libraries than this process",
            "the same: what is changed in memory reaches no worker, and an edited file or library needs new workers",
        )
    try:
        with parallel_config(backend="sequential"):
            table = experiment.rows(seeds)
    except Exception as error:
        error.add_note(f"with the seeds {seeds} of the cell {cell}; parts of a survey that are finished are kept")
        raise
    checks.no_clash(cell, table)
    for place, (name, value) in enumerate(cell.items()):
        table.insert(place, name, value if isinstance(value, int | float | str) else str(describe(value)))
    text = table.to_csv(index=False, lineterminator="\n")
    if text.count("\n") != len(table) + 1:
        fail("a string of the table has a line break in it", "text without line breaks")
    return first, text, table.attrs["bound"], len(table)


def _here(experiment):
    """What decides the rows of an experiment in this process; None if that cannot be told."""
    try:
        return core(), identify(experiment, running=True), platform() if experiment.bound() else None
    except ValueError:
        return None


def _train(name, parts, rows=None, done=0, head=None):
    """Train parts as they come, with a bar that shows runs, rate and time left; yields what `_part` returns.

    All must have the columns `head`, or one another's, and workers must have the functions that are here.
    """
    rows = sum(len(seeds) for *_, seeds in parts) if rows is None else rows
    experiments = {id(part[1]): part[1] for part in parts} if effective_n_jobs() > 1 else {}
    here = {key: _here(experiment) for key, experiment in experiments.items()}
    jobs = (delayed(_part)(*part, here.get(id(part[1]))) for part in parts)
    results = Parallel(return_as="generator_unordered", batch_size=1)(jobs)
    with tqdm(total=rows, initial=done, desc=name, unit="run", smoothing=0, delay=1) as bar:
        for result in checks.while_workers_live(results):
            head = checks.same_head(result[1].partition("\n")[0] + "\n", head)
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
    if not (file := Path(file)).exists():
        fail(f"{file} is missing", "the rows of a survey, which `survey.run` or `make surveys` writes")
    header = _json(file.with_suffix(".json"))
    if _sha256(file) != header.get("sha256"):
        fail(f"{file} is not the file that its header describes", "the same SHA-256; it may be damaged or edited")
    return header


def _parse(text, dtype=None):
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""], dtype=dtype)


def _whole(path, rows, head):
    """The first line of a part, and the others, if it is whole and has the columns `head`."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            lines = list(file)
    except UnicodeDecodeError:
        lines = [""]
    if len(lines) != rows + 1 or not lines[-1].endswith("\n"):
        wrong = f"{path} is damaged, with {max(len(lines) - 1, 0)} rows"
        fail(wrong, f"{rows} rows. Delete it, and they are trained again")
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


def _versions():
    """By what rows are made: this package's core, Python, and the libraries."""
    python = ".".join(machine.python_version_tuple()[:2])
    libraries = {"python": python} | {name: metadata.version(name) for name in ("numpy", "scipy", "pandas")}
    return {"core": core(), "libraries": libraries}


@cache
def platform():
    """What decides the last digit of platform-bound columns: processor and system, NumPy, SciPy and BLAS."""
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "machine": f"{machine.system()} {machine.machine()}",
        "numpy": f"{np.__version__}, {' '.join(np.show_config('dicts')['SIMD Extensions'].get('found', ()))}",
        "scipy": metadata.version("scipy"),
        "blas": ", ".join(sorted({f"{p['internal_api']} {p['version']} {p.get('architecture', '')}" for p in blas})),
    }


def _seeds_in_short(seeds):
    if isinstance(seeds, range):
        whole = len(seeds) > 1 and seeds.step == 1
    else:
        whole = len(seeds) > 1 and all(b - a == 1 for a, b in pairwise(seeds))
    return {"from": seeds[0], "to": seeds[-1]} if whole else list(seeds)


def _seeds(short):
    return list(range(short["from"], short["to"] + 1)) if isinstance(short, dict) else short
