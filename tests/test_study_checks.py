"""Bad input of surveys and statistics raises `ValueError` that names what is wrong and what was expected."""

import json
from concurrent.futures import BrokenExecutor

import numpy as np
import pytest
from test_checks import unreached

import bp
import study
from study import checks

NET, TASK, INF = bp.layered(2, 2, 1), bp.parity(2), np.inf

BAD = [
    (
        lambda: study.permutation_test([1, 2], [3, INF]),
        "values is .*; expected finite numbers, .*of at least 2 runs that finished",
    ),
    (lambda: study.quantile([1, np.nan], 0.5), r"values is \[1, nan\]; expected numbers, none of them NaN, \(runs"),
    (lambda: study.quantile([], 0.5), r"values is \[\]; expected numbers, none of them NaN, \(runs"),
    (lambda: study.quantile([1, 2], 50), "q is 50; expected a number of at least 0 and at most 1"),
    (lambda: study.quantile([1, 2], 0.5, 0), "resamples is 0; expected an integer of at least 2"),
    (lambda: study.share("no"), "yes is 'no'; expected True or False of each run"),
    (lambda: study.share([]), r"yes has the shape \(0,\) and holds \[\]; expected True or False"),
    (lambda: study.share([7, -1, 9]), r"yes has the shape \(3,\) and holds \[-1.0, 7.0, 9.0\]; expected True or False"),
    (lambda: study.kaplan_meier([3, -1], -1), "horizon is -1; expected at least 0 sweeps, for all runs or for each"),
    (lambda: study.kaplan_meier([3, -1], [1, 2, 3]), r"horizon is \[1, 2, 3\]; expected at least 0 sweeps"),
    (lambda: study.Experiment("no", TASK, LOOSE), "the net is 'no'; expected a bp.Network"),
    (lambda: experiment([]), r"recipe is \[\]; expected a dict of what bp.train is told, or a list of such dicts"),
    (lambda: experiment([3]), r"recipe is \[3\]; expected a dict"),
    (lambda: experiment({"sweeps": 1, "eta": 1}), "the recipe has 'eta'; expected names that bp.train knows, sweeps, "),
    (lambda: experiment({"sweeps": 1}), "a phase of the recipe has no epsilon; expected sweeps and epsilon in each"),
    (
        lambda: experiment(measures=len),
        "measures is <built-in function len>; expected a list of functions of study.Runs",
    ),
    (lambda: survey(measures=[error]).table(), "error returned list; expected a dict of column -> .*a value a run"),
    (lambda: survey(measures=[short]).table(), r"the column 'E' of short has the shape \(2,\); expected \(1,\), a val"),
    (lambda: survey(measures=[twice]).table(), "there are two columns 'error'; expected a name of its own for each"),
    (lambda: survey(grid={"seed": [1]}).table(), "the grid and the table both have 'seed'; expected a name of its own"),
    (lambda: survey("a/b"), "the survey's name is 'a/b'; expected letters, digits, _ and -, as for a file"),
    (lambda: survey(seeds=[3, 4, 3]), "the seed 3 comes twice; expected each seed once"),
    (lambda: survey(grid=3), "grid is 3; expected a dict of names -> values, or a list of dicts"),
    (
        lambda: survey(grid=[{"a": 1}, {"b": 1}]),
        r"the grid has a cell of \['b'\] and one of \['a'\]; expected the same names in all",
    ),
    (
        lambda: study.Survey("name", NET, [0]),
        "there is no grid, and the experiment is Network of .*; expected a study.Experiment",
    ),
    (
        lambda: study.Survey("name", experiment(), [0], {"a": [1]}),
        "there is a grid and one experiment; expected a",
    ),
    (
        lambda: study.Experiment(NET, None, LOOSE),
        "the task is None; expected a bp.Task, or a function that returns one",
    ),
    (lambda: survey(grid={"a": "bc"}), "the grid's a is 'bc'; expected a list of values"),
    (lambda: survey(grid={"a": [1, 1]}), r"grid is \[{'a': 1}, {'a': 1}\]; expected each cell once"),
    (lambda: survey(grid=[3]), r"grid is \[3\]; expected a dict of names -> values, or a list of dicts"),
    (
        lambda: experiment([LOOSE, LOOSE | {"tolerance": 0.1}]),
        r"phases have the tolerances \[0.5\] and \[0.1\]; exp",
    ),
    (lambda: survey(measures=[broken]).table(), "a string of the table has a line break in it; expected text without"),
    (lambda: survey().table([2]), r"rows is \[2\]; expected at least one number from 0 to 1"),
    (lambda: survey().table([-1]), r"rows is \[-1\]; expected at least one number from 0 to 1"),
    (lambda: study.read_survey("nothing.csv"), "nothing.csv is missing; expected the rows of a survey"),
    (
        lambda: study.read_survey(study.files.REPOSITORY / "README.md"),
        ".*README.json is missing; expected the header that a",
    ),
    (lambda: checks.declared(study.SURVEYS, "moon"), "no survey is named 'moon'; expected one of symmetry, "),
    # what is wrong with a survey's files; test_survey.py has them so
    (
        lambda: checks.header("a.json", lambda: json.loads("{")),
        r"a.json is damaged \(.*\); expected JSON as a survey",
    ),
    (lambda: checks.header("a.json", dict), "a.json is no survey's header; expected JSON as a survey writes it"),
    (
        lambda: checks.same_survey({"seeds": (1, 2)}, "a"),
        "a is of another survey .*: seeds is 1 there and 2 here; ex",
    ),
    (
        lambda: checks.same_head("E\n", "F\n"),
        "there are rows with the columns E; expected those of all others, F",
    ),
    (lambda: list(checks.while_workers_live(broken_pool())), "a worker process died, .*; expected the same call again"),
    (lambda: checks.alone(Busy(), "a", OSError), "another process is at work in a; expected one at a time"),
]


def experiment(recipe=({"sweeps": 1, "epsilon": 1},), measures=()):
    return study.Experiment(NET, TASK, list(recipe) if isinstance(recipe, tuple) else recipe, measures)


def survey(name="name", seeds=(0, 1), grid=(), measures=()):
    made = experiment(measures=measures)
    return study.Survey(name, (lambda **_: made) if grid else made, seeds, grid)


LOOSE = {"sweeps": 1, "epsilon": 1}


def error(runs):
    return [1]


def broken(runs):
    return {"text": ["b\nc"] * len(runs.seeds)}


def broken_pool():
    yield 1
    raise BrokenExecutor


class Busy:
    def acquire(self, blocking):
        raise OSError


def short(runs):
    return {"E": [1] * (len(runs.seeds) + 1)}


def twice(runs):
    return {"error": [1] * len(runs.seeds)}


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        call()
    assert "; expected " in str(caught.value)


def test_every_check_has_a_row_above():
    assert unreached(checks, BAD) == set()
