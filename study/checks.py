"""Checks of what surveys and statistics are given: each raises `ValueError` that names what was wrong and what was
expected."""

import inspect
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor

import numpy as np

from bp.checks import array, count, fail, number, seeds


def sample(what, values, least=1, finite=False):
    """A number for each of some runs, `(runs,)`: not NaN, nor infinity if they are to be `finite`."""
    kind, runs = ("finite numbers", "runs that finished") if finite else ("numbers, none of them NaN", "runs")
    expected = f"{kind}, (runs,), of at least {least} {runs}"
    good = np.isfinite if finite else lambda values: ~np.isnan(values)
    return array(what, values, expected, good=lambda values: values.ndim == 1 and values.size >= least and good(values))


def yes_or_no(values):
    """True or False of each of some runs; 0 and 1 mean the same."""
    values = array("yes", values, "True or False of each run", "biuf")
    if not values.size or not np.isin(values, (0, 1)).all():
        fail(
            f"yes has the shape {values.shape} and holds {np.unique(values)[:5].tolist()}", "True or False of each run"
        )
    return values.astype(bool)


def horizons(horizon, runs):
    """Up to which sweep runs were followed, for all of them or for each."""
    expected, shapes = f"at least 0 sweeps, for all runs or for each of {runs}", ((), (1,), (runs,))
    good = lambda given: given.shape in shapes and (given >= 0) & np.isfinite(given)  # noqa: E731
    array("horizon", horizon, expected, good=good)
    return horizon  # whole numbers stay whole


def statistic(q, resamples):
    """Which quantile, and how often to resample."""
    return number("q", q, 0, 1, up_to=True), count("resamples", resamples, 2, 10**7)


def recipe(phases, train):
    """A list of phases, each a dict of what `train` is told besides net, weights and task."""
    phases = [phases] if hasattr(phases, "items") else phases
    if not isinstance(phases, list | tuple) or not phases or not all(hasattr(phase, "items") for phase in phases):
        fail(f"recipe is {phases!r}", "a dict of what bp.train is told, or a list of such dicts")
    known = [name for name in inspect.signature(train).parameters if name not in ("net", "w", "task")]
    for phase in phases:
        for name in phase:
            if name not in known:
                fail(f"the recipe has {name!r}", f"names that bp.train knows, {', '.join(known)}")
        for name in ("sweeps", "epsilon"):
            if name not in phase:
                fail(f"a phase of the recipe has no {name}", "sweeps and epsilon in each")
        tolerances = [repr(np.ravel(phase.get("tolerance", 0.5)).tolist()) for phase in (phases[0], phase)]
        if tolerances[0] != tolerances[1]:
            fail(f"phases have the tolerances {' and '.join(tolerances)}", "the same tolerance in all phases")
    return [dict(phase) for phase in phases]


def columns(measured, by, runs, others):
    """What a measure returns: name -> one value a run, under names that no other column has."""
    by = getattr(by, "__name__", repr(by))
    if not hasattr(measured, "items"):
        fail(f"{by} returned {type(measured).__name__}", f"a dict of column -> ({runs},), a value a run")
    for name, values in measured.items():
        if np.shape(values) != (runs,):
            fail(f"the column {name!r} of {by} has the shape {np.shape(values)}", f"({runs},), a value a run")
        if name in others:
            fail(f"there are two columns {name!r}", "a name of its own for each")
    return measured


def no_clash(cell, table):
    for name in cell:
        if name in table:
            fail(f"the grid and the table both have {name!r}", "a name of its own for each column")


def survey_name(name):
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w-]*", name):
        fail(f"the survey's name is {name!r}", "letters, digits, _ and -, as for a file")


def distinct_seeds(values):
    """Seeds in their order: a range as it is, a list of others."""
    listed = seeds(values)
    if len(set(listed)) < len(listed):
        fail(f"the seed {next(seed for seed in listed if listed.count(seed) > 1)} comes twice", "each seed once")
    return values if isinstance(values, range) else listed


def grid(given, experiment, kind):
    """A dict of names -> lists of values, or a list of dicts, for a function that makes the experiment of a cell."""
    if not isinstance(given, Mapping | Sequence):
        fail(f"grid is {given!r}", "a dict of names -> values, or a list of dicts")
    if len(given) and isinstance(experiment, kind):
        fail("there is a grid and one experiment", "a function that makes the experiment of each cell")
    if not len(given) and not isinstance(experiment, kind):
        fail(f"there is no grid, and the experiment is {experiment!r}", "a study.Experiment")
    if hasattr(given, "items"):
        for name, values in given.items():
            if isinstance(values, str | set | frozenset) or not np.iterable(values) or not len(list(values)):
                fail(f"the grid's {name} is {values!r}", "a list of values")
    return given


def cells(grid):
    if not isinstance(grid, list | tuple) or not all(hasattr(cell, "items") for cell in grid):
        fail(f"grid is {grid!r}", "a dict of names -> values, or a list of dicts")
    if len({repr(cell) for cell in grid}) < len(grid):
        fail(f"grid is {grid!r}", "each cell once")
    for cell in grid:
        if list(cell) != list(grid[0]):
            fail(f"the grid has a cell of {list(cell)} and one of {list(grid[0])}", "the same names in all cells")
    return [dict(cell) for cell in grid]


def instance(what, made, kind):
    if not isinstance(made, kind):
        fail(f"{what} is {made!r}", f"a bp.{kind.__name__}, or a function that returns one")
    return made


def row_numbers(rows, of):
    expected = f"at least one number from 0 to {of - 1}"
    good = lambda rows: rows.size > 0 and (rows >= 0) & (rows < of)  # noqa: E731
    return array("rows", rows, expected, "iu", good).ravel().tolist()


def header(path, load):
    """The header of a survey's file, a dict."""
    try:
        found = load()
    except FileNotFoundError:
        fail(f"{path} is missing", "the header that a survey writes for its rows; nothing is overwritten")
    except ValueError as error:
        fail(f"{path} is damaged ({error})", "JSON as a survey writes it; nothing is overwritten")
    if not isinstance(found, dict) or not {"survey", "rows", "seeds"} <= set(found):
        fail(f"{path} is no survey's header", "JSON as a survey writes it; nothing is overwritten")
    return found


def same_survey(differences, file):
    if differences:
        told = [f"{key} is {there!r} there and {here!r} here" for key, (there, here) in differences.items()]
        more = f"; and {len(told) - 5} differences more" if len(told) > 5 else ""
        fail(
            f"{file} is of another survey or was made otherwise: {'; '.join(told[:5])}{more}",
            "the same in all; nothing is overwritten. To begin anew, move it away, with the .json of a .csv",
        )


def alone(lock, parts, timeout):
    """The lock, held, unless another process holds it."""
    try:
        return lock.acquire(blocking=False)
    except timeout:
        fail(f"another process is at work in {parts}", "one at a time")


def while_workers_live(results):
    try:
        yield from results
    except BrokenExecutor:
        fail("a worker process died, perhaps for want of memory", "the same call again, which goes on where it was")


def same_head(now, before):
    if before not in (None, now):
        fail(f"there are rows with the columns {now.strip()}", f"those of all others, {before.strip()}")
    return now


def declared(surveys, name):
    """The survey of that name."""
    if name not in surveys:
        fail(f"no survey is named {name!r}", f"one of {', '.join(surveys)}")
    return surveys[name]
