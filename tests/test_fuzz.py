"""Some thousands of calls of public functions, each with one argument of a wrong kind, shape or size.

Each call ends in an answer or in a `ValueError` that says what was expected: in no other error, no warning, no hang.
What is wrong with which argument, and in which words it is said, is in test_checks.py and test_study_checks.py.
"""

import signal
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

import bp
import study
from bp import families

NET, TASK, NAN, INF = bp.layered(2, 2, 1), bp.parity(2), np.nan, np.inf
BY_RUN = bp.Task({"input": [TASK.inputs["input"]] * 3}, TASK.targets)
W = NET.initial_weights(range(3))
FIT = bp.train(NET, W, TASK, 2, 0.1)
LAYERS, LINKS = [bp.Layer("a", 2), bp.Layer("b", 1)], [bp.Link("a", "b")]
EXPERIMENT = {"net": NET, "task": TASK, "recipe": {"sweeps": 1, "epsilon": 0.1}, "measures": (), "limit": 0.3}

WRONG = [
    *(None, True, False, np.True_, 0, 1, -1, 9, 10**12, 10**30, np.int64(3), 0.5, -0.5, np.float32(0.5), 1e300, 2 + 1j),
    *(NAN, INF, -INF, "", "no", "a\nb", b"x", np.datetime64("2020-01-01"), ..., object(), SimpleNamespace(name=3)),
    *([], [[]], [None], [NAN], [-1.5], ["a"], [1, 2], [[1, 2], [3]], [10**30], [[[[1]]]], (), (0, 2), (1, None)),
    *({}, {"a": 1}, {"input": 1}, {1: [[1]]}, set(), {1}, range(0), range(10**12)),
    *(np.array([]), np.zeros((2, 2)), np.zeros((0, 3)), np.zeros((1, 1, 1, 1)), np.full((3, 9), NAN), np.array(None)),
    *(np.array("a"), np.array([1j]), np.array([[2**63]], np.uint64), np.ma.masked_array([1, 2], [True, False])),
    *(len, int, bp, NET, TASK, FIT, W, LAYERS[0], LINKS[0], bp.tanh, bp.squared, bp.ErrorRule, [FIT]),
    *((lambda *_: None), (lambda x: x)),
]

CALLS = {
    "symmetry": (bp.symmetry, {"units": 2, "low": 0, "high": 1}),
    "parity": (bp.parity, {"units": 2, "low": 0, "high": 1}),
    "xor": (bp.xor, {"low": 0, "high": 1}),
    "addition": (bp.addition, {"bits": 1}),
    "encoder": (bp.encoder, {"units": 2}),
    "sequences": (bp.sequences, {"hidden": 2, "arrivals": [(1, 2)], "links": 1, "seed": 0}),
    "shift_register": (bp.shift_register, {"units": 2}),
    "right": (bp.right, {"net": NET, "w": W, "task": TASK, "by": "half"}),
    "case_of": (families.case_of, {"person": "Colin", "relationship": "aunt"}),
    "layered": (
        lambda first, second, **more: bp.layered(first, second, 1, **more),
        {"first": 2, "second": 2, "skips": (), "activation": bp.logistic},
    ),
    "Layer": (
        lambda **layer: bp.Network([LAYERS[0], bp.Layer(**layer)], LINKS),
        {"name": "b", "units": 1, "activation": bp.tanh, "bias": None},
    ),
    "Link": (
        lambda **link: bp.Network(LAYERS, [bp.Link(**link)]),
        {"source": "a", "target": "b", "weights": "W", "mask": [[True, False]]},
    ),
    "Network": (bp.Network, {"layers": LAYERS, "links": LINKS}),
    "unfold": (bp.unfold, {"layers": [bp.Layer("a", 2)], "links": [bp.Link("a", "a")], "steps": 2}),
    "Task": (bp.Task, {"inputs": TASK.inputs, "targets": TASK.targets, "held_out": None}),
    "Task of arrays": (
        lambda inputs, targets: bp.Task({"input": inputs}, {"output": targets}),
        {"inputs": [[1]], "targets": [[1]]},
    ),
    "hold_out": (TASK.hold_out, {"cases": [0]}),
    "of_runs": (BY_RUN.of_runs, {"rows": [0]}),
    "desired": (TASK.desired, {"name": "output"}),
    "of_case": (TASK.of_case, {"case": 0}),
    "of_cases": (TASK.of_cases, {"cases": [0]}),
    "matrices": (NET.matrices, {"w": W}),
    "initial_weights": (NET.initial_weights, {"seeds": [0], "limit": 0.3}),
    "forward": (NET.forward, {"w": W, "inputs": TASK.inputs}),
    "gradient": (NET.gradient, {"w": W, "task": TASK, "error": bp.squared}),
    "train": (
        bp.train,
        {"net": NET, "w": W, "task": TASK, "sweeps": 1, "epsilon": 0.1, "alpha": 0.0, "decay": 0.0}
        | {"error": bp.squared, "tolerance": 0.5, "order": None, "record": 1, "snapshots": ()}
        | {"stop": False, "progress": False},
    ),
    "train on": (bp.train, {"net": NET, "w": FIT, "task": TASK, "sweeps": 1, "epsilon": 0.1, "tolerance": 0.5}),
    "then": (FIT.then, {"later": FIT}),
    "Activation": (bp.Activation, {"function": bp.tanh.function, "slope": bp.tanh.slope, "name": "mine", "gain": 1}),
    "with_gain": (bp.tanh.with_gain, {"gain": 2}),
    "hinge": (bp.hinge, {"margin": 0.2}),
    "dead_zone": (bp.dead_zone, {"margin": 0.2, "whole_cases": False}),
    "share": (study.share, {"yes": [True, False]}),
    "quantile": (study.quantile, {"values": [1.0, 2, 3], "q": 0.5, "resamples": 20}),
    "kaplan_meier": (study.kaplan_meier, {"solved_at": [3, -1, 4], "horizon": 10}),
    "censored": (study.censored, {"solved_at": [3, -1, 4], "horizon": 10}),
    "permutation_test": (study.permutation_test, {"a": [1.0, 2, 3], "b": [2.0, 3], "q": 0.5, "resamples": 20}),
    "Experiment": (study.Experiment, EXPERIMENT),
    "Survey": (study.Survey, {"name": "a", "experiment": study.Experiment(**EXPERIMENT), "seeds": [0], "grid": ()}),
}


@contextmanager
def at_most(seconds):
    """Whatever takes longer, of the processor's time, ends in a `RuntimeError`, where a system can measure that."""

    def late(*_):
        raise RuntimeError("it takes too long")

    if not hasattr(signal, "SIGPROF"):
        yield
        return
    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def outcome(call, arguments):
    """What is wrong with how a call ends; None if nothing is."""
    try:
        with at_most(seconds=10):
            call(**arguments)
    except ValueError as error:
        return None if "; expected " in str(error) else f"ValueError: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("name", CALLS)
def test_one_wrong_argument(name):
    call, good = CALLS[name]
    found = []
    for argument in good:
        for number, value in enumerate(WRONG):
            if wrong := outcome(call, good | {argument: value}):
                found.append(f"{argument}, value {number}: {wrong}")
    assert found == []


def test_two_wrong_arguments():
    """Of calls drawn at random, from seed 0: what is checked first does not hide what would go wrong later."""
    rng = np.random.default_rng(0)
    names = [name for name, (_, good) in CALLS.items() if len(good) > 1]
    for _ in range(1000):
        call, good = CALLS[name := names[rng.integers(len(names))]]
        two = rng.choice(list(good), 2, replace=False)
        given = {argument: WRONG[rng.integers(len(WRONG))] for argument in two}
        assert outcome(call, good | given) is None, (name, given)
