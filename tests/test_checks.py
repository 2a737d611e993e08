"""Bad input raises `ValueError` that names what is wrong and what was expected."""

import ast
import inspect
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import bp

X = [[0, 0, 1, 1], [0, 1, 0, 1]]
NET, TASK = bp.layered(2, 2, 1), bp.Task({"input": X}, {"output": [[0, 0, 0, 1]]})
W = NET.initial_weights(range(3))
FIT = bp.train(NET, W, TASK, sweeps=5, epsilon=0.1)
OWN = bp.ErrorRule("own", lambda d: lambda y, out: np.subtract(y, d, out))
MASKED = bp.Network([bp.Layer("a", 2), bp.Layer("b", 1)], [bp.Link("a", "b", mask=np.array([[True, False]]))])
NAN, INF = np.nan, np.inf


def train(w=W, task=TASK, net=NET, sweeps=1, epsilon=0.1, **more):
    return bp.train(net, w, task, sweeps, epsilon, **more)


def task(inputs=X, targets=((0, 0, 0, 1),), held_out=None):
    return bp.Task({"input": inputs}, {"output": targets}, held_out)


def network(*links, units=(2, 2, 2), **more):
    return bp.Network([bp.Layer(name, n, **more) for name, n in zip("abc", units, strict=True)], links)


LINK, MASK = bp.Link("a", "b"), np.ones((2, 2), bool)
TWICE = [bp.Layer("a", 2), bp.Layer("b", 2), bp.Layer("b", 2)]

BAD = [
    (lambda: bp.Network([("a", 2)], [bp.Link("a", "b")]), r"one of the Layers is \('a', 2\); expected a bp\.Layer"),
    (lambda: bp.Network([bp.Layer("a", 2)], [("a", "b")]), r"one of the Links is \('a', 'b'\); expected a bp\.Link"),
    # numbers and arrays
    (lambda: bp.hinge("wide"), "margin is 'wide'; expected a number"),
    (lambda: bp.dead_zone(0.5), "margin is 0.5; expected a number of at least 0 and below 0.5"),
    (lambda: bp.hinge(-0.1), "margin is -0.1; expected a number of at least 0 and below 0.5"),
    (lambda: bp.hinge(NAN), "margin is nan; expected a number of at least 0 and below 0.5"),
    (lambda: train(sweeps=1.5), "sweeps is 1.5; expected an integer"),
    (lambda: train(sweeps="many"), "sweeps is 'many'; expected an integer"),
    (lambda: train(sweeps=-1), "sweeps is -1; expected an integer of at least 0"),
    (lambda: train(sweeps=True), "sweeps is True; expected an integer of at least 0"),
    (lambda: train(record=-1), "record is -1; expected an integer of at least 0"),
    (
        lambda: train(epsilon=[[1], [1, 2]]),
        "epsilon is ragged or too large for an array; expected numbers from 0 to below inf that broadcast",
    ),
    (
        lambda: task([[0, 1], [1]]),
        r"inputs of layer 'input' is ragged or too large for an array; expected finite numbers, \(units,",
    ),
    (lambda: train(epsilon="fast"), "epsilon is 'fast'; expected numbers from 0 to below inf that broadcast"),
    (lambda: train(epsilon=None), "epsilon is None; expected numbers from 0 to below inf that broadcast"),
    (
        lambda: task([[1j]], [[0]]),
        r"inputs of layer 'input' is \[\[1j\]\]; expected finite numbers, \(units,",
    ),
    (lambda: NET.matrices(W[0]), r"w is \(9,\); expected an array \(runs, 9\), one row a run"),
    (
        lambda: NET.gradient(W[:, 1:], TASK),
        r"w is float64 \(3, 8\); expected finite numbers \(runs, 9\), one row a run, zero",
    ),
    (lambda: train(FIT, net=bp.layered(2, 1)), r"w has the shape \(3, 9\); expected \(runs, 3\)"),
    (
        lambda: train(replace(FIT, velocity=FIT.velocity[:, :1])),
        r"a fit's velocity are float64 \(3, 1\), and solved_at \(3,\); expected weights and velocity float64",
    ),
    (
        lambda: train(replace(FIT, velocity=np.zeros((2, 9)))),
        r"a fit's velocity are float64 \(2, 9\), and solved_at \(3,\); expected weights and velocity float64",
    ),
    (
        lambda: train(replace(FIT, solved_at=np.zeros(2, int))),
        r"a fit's weights are float64 \(3, 9\), and solved_at \(2,\); expected weights and velocity float64",
    ),
    (lambda: NET.gradient(W, TASK, "squared"), "error is 'squared'; expected a bp.ErrorRule"),
    (
        lambda: train(W[:0]),
        r"w is array\(\[\], shape=\(0, 9\), dtype=float64\); expected finite numbers \(runs, 9\), one row a run, zero",
    ),
    (
        lambda: NET.forward(np.where([[0], [1], [0]], NAN, W), TASK.inputs),
        r"w is float64 \(3, 9\) with nan at \(1, 0\); expected finite numbers \(runs, 9\), one row a run, zero",
    ),
    (
        lambda: MASKED.forward(np.ones((1, 3)), {"a": X}),
        r"w is array\(\[\[1\., 1\., 1\.\]\]\); expected finite numbers \(runs, 3\), one row a run, zero",
    ),
    (lambda: NET.initial_weights(None), r"seeds is None; expected an integer or several, .* 7 or range\(1000\)"),
    (lambda: NET.initial_weights([]), "seeds is empty; expected an integer or several, for instance 7 or"),
    (lambda: NET.initial_weights([-1]), "a seed is -1; expected an integer of at least 0"),
    (lambda: NET.initial_weights([0.5]), "a seed is 0.5; expected an integer"),
    (
        lambda: NET.initial_weights([0], limit=-0.3),
        r"limit is -0\.3; expected numbers from 0 to below inf that broadcast",
    ),
    (lambda: NET.initial_weights([0], limit=INF), "limit is inf; expected numbers from 0 to below inf that broadcast"),
    (lambda: NET.initial_weights([0], limit=(1, 2, 3)), "limit has 3 bounds; expected a lower and an upper one"),
    (
        lambda: NET.initial_weights([0], limit=(0, [0.1] * 8 + [-0.1])),
        "a lower bound of limit is above the upper one; expected them in order",
    ),
    (
        lambda: NET.initial_weights([0], limit=[1, 2]),
        r"limit is \[1, 2\]; expected numbers from 0 to below inf that broadcast",
    ),
    (
        lambda: NET.initial_weights([0], limit=[[[1] * 9]]),
        r"limit is int64 \(1, 1, 9\); expected numbers from 0 to below inf that broadcast",
    ),
    (lambda: bp.tanh.with_gain(0), "gain is 0; expected a positive number"),
    (
        lambda: bp.Activation(np.tanh, 1),
        "an activation fails for an array: 'int' object is not callable; expected two functions of arrays of any shape",
    ),
    (
        lambda: bp.Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        "the slope is 0.438 at x = -2.13; expected 0.05493",
    ),
    (lambda: bp.Activation(np.tanh, lambda y: 1), "the slope is 1 at x = -2.13; expected 0.05493"),
    (
        lambda: bp.Activation(lambda x: np.clip(0.2 * x + 0.5, 0, 1), lambda y: 0.2 + 0 * y),  # flat beyond 2.5
        "the slope is 0.2 at x = -13.1; expected 0, as a function of the output y",
    ),
    (
        lambda: bp.Task([[0, 1]], np.ma.array([[1, -999]], mask=[[0, 1]])),
        "targets of layer 'output' is masked; expected finite numbers, NaN if missing",
    ),
    (lambda: bp.dead_zone(0.2, whole_cases=1), "whole_cases is 1; expected True or False"),
    (lambda: bp.symmetry(21), "units is 21; expected an integer of at least 1 and at most 20"),
    (lambda: bp.encoder(10**12), "units is 1000000000000; expected an integer of at least 1 and at most 4,096"),
    (lambda: train(sweeps=10**12), "sweeps is 1000000000000; expected an integer of at least 0 and at most"),
    (lambda: bp.hinge("0.2"), "margin is '0.2'; expected a number"),
    (lambda: bp.hinge(False), "margin is False; expected a number"),
    (lambda: bp.symmetry(high=10**400), "high is 1000*; expected a number"),
    (lambda: train(epsilon=True), "epsilon is True; expected numbers from 0 to below inf that broadcast"),
    (lambda: train(progress=1), "progress is 1; expected True or False"),
    (
        lambda: NET.initial_weights(range(10**12)),
        "seeds has 10,000,000 members or more; expected an integer or several, for instance 7 or",
    ),
    (
        lambda: task(range(10**12)),
        r"inputs of layer 'input' is ragged or too large for an array; expected finite numbers, \(units,",
    ),
    (lambda: NET.matrices(W.tolist()), r"w is list; expected an array \(runs, 9\), one row a run"),
    (lambda: train(net="no"), "the net is 'no'; expected a bp.Network"),
    (
        lambda: bp.right(NET, W, TASK, "largest"),
        "all targets of a case of layer 'output' are the same; expected 0 and 1, or by=\"half\"",
    ),
    (lambda: bp.right(None, W, TASK), "the net is None; expected a bp.Network"),
    (lambda: bp.right(NET, W, "no"), r"the task is 'no'; expected a bp\.Task"),
    (lambda: bp.Activation(len, len), "an activation fails for an array: .*; expected two functions of arrays"),
    (lambda: bp.Activation(np.tanh, lambda y: 1 - y * y, 3), "the name of an activation is 3; expected a string"),
    (lambda: FIT.then(None), "None does not go on from Fit of 3 runs .*; expected what bp.train made"),
    # networks
    (lambda: bp.layered(6), r"layered\(6,\) has 1 layers; expected at least two, as in layered"),
    (
        lambda: bp.layered(6, 0),
        "the number of units of layer 'output' is 0; expected an integer of at least 1 and at most 1,000,000",
    ),
    (lambda: bp.layered(6, 2, 1, activation=[bp.tanh]), "there are 1 activations; expected one, or .* hidden, output"),
    (
        lambda: bp.layered(6, 2.5),
        r"the number of units of layer 'output' is 2\.5; expected an integer of at least 1 and at most 1,000,000",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=(0, 2)),
        r"skips is \(0, 2\); expected a list of pairs of layer numbers from 0 to 2,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=["02"]),
        r"skips is \['02'\]; expected a list of pairs of layer numbers from 0 to 2,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=2),
        "skips is 2; expected a list of pairs of layer numbers from 0 to 2,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(0, 1)]),
        "there is a link input->hidden; expected one from a lower to a higher layer of input,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(0, 3)]),
        r"skips is \[\(0, 3\)\]; expected a list of pairs of layer numbers from 0 to 2,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(2, 0)]),
        "there is a link output->input; expected one from a lower to a higher layer of input,",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(0, 2)] * 2),
        "there is a link input->output; expected one from a lower to a higher layer of input,",
    ),
    (lambda: bp.Network([], []), r"layers is empty; expected bp\.Layers"),
    (lambda: network(), r"links is empty; expected bp\.Links"),
    (
        lambda: network(LINK, units=(2, 0, 1)),
        "the number of units of layer 'b' is 0; expected an integer of at least 1",
    ),
    (lambda: bp.layered(10**5, 10**4), "the net has 1,000,010,000 weights; expected at most 100,000,000"),
    (lambda: bp.Network(3, [LINK]), "layers is 3; expected bp.Layers"),
    (lambda: bp.Network(TWICE, None), "links is None; expected bp.Links"),
    (lambda: bp.Network([bp.Layer(3, 2)], [LINK]), "the name of a layer is 3; expected a string"),
    (lambda: network(LINK, bias=False), "the bias of layer 'a' is False; expected a string, or None"),
    (lambda: network(LINK, bias=0.5), r"the bias of layer 'a' is 0\.5; expected a string, or None"),
    (lambda: network(bp.Link("a", None)), "the target of a link is None; expected a string"),
    (lambda: network(bp.Link("a", "b", 7)), "the weights of a link is 7; expected a string"),
    (lambda: bp.Network(TWICE, [LINK]), "two of the layers a, b have one name; expected a name for each"),
    (
        lambda: network(LINK, activation=np.tanh),
        "the activation of layer 'a' is <ufunc 'tanh'>; expected a bp.Activation",
    ),
    (lambda: network(bp.Link("a", "z")), "there is a link a->z; expected one from a lower to a higher layer of a, b,"),
    (lambda: network(bp.Link("z", "a")), "there is a link z->a; expected one from a lower to a higher layer of a, b,"),
    (lambda: network(bp.Link("b", "b")), "there is a link b->b; expected one from a lower to a higher layer of a, b,"),
    (lambda: network(LINK, LINK), "there is a link a->b; expected one from a lower to a higher layer of a, b,"),
    (
        lambda: network(LINK, bp.Link("b", "a")),
        "there is a link b->a; expected one from a lower to a higher layer of a, b,",
    ),
    (
        lambda: network(bp.Link("b", "a")),
        "there is a link b->a; expected one from a lower to a higher layer of a, b,",
    ),
    (lambda: network(LINK, bias="z"), "layer 'a' has the bias 'z' but no incoming link; expected its states to be set"),
    (
        lambda: network(bp.Link("a", "b", "W"), bp.Link("b", "c", "W"), units=(2, 2, 3)),
        r"'W' names weights of shape \(3, 2\) and of \(2, 2\), or with.*; expected one shape and one mask",
    ),
    (
        lambda: bp.Network([bp.Layer("a", 1), bp.Layer("b", 1)], [bp.Link("a", "b", "b")]),
        r"'b' names weights of shape \(1,\) and of \(1, 1\), or with different masks; expected one shape and one mask",
    ),
    (
        lambda: network(bp.Link("a", "b", mask=MASK[:1])),
        r"the mask of 'a->b' is array\(\[\[ True, True\]\]\); expected bool \(2, 2\)",
    ),
    (
        lambda: network(bp.Link("a", "b", mask=np.eye(2))),
        r"the mask of 'a->b' is array\(\[\[1\., 0\.\], \[0\., 1\.\]\]\); expected bool \(2, 2\)",
    ),
    (
        lambda: network(bp.Link("a", "b", mask=[[True], []])),
        r"the mask of 'a->b' is ragged or too large for an array; expected bool \(2, 2\)",
    ),
    (
        lambda: network(bp.Link("a", "b", "W", MASK), bp.Link("b", "c", "W")),
        r"'W' names weights of shape \(2, 2\) and of \(2, 2\), or with.*; expected one shape and one mask",
    ),
    (
        lambda: network(bp.Link("a", "b", "W", MASK), bp.Link("b", "c", "W", ~MASK)),
        r"'W' names weights of shape \(2, 2\) and of \(2, 2\), or with.*; expected one shape and one mask",
    ),
    # tasks
    (lambda: bp.Task("X", {}), r"inputs of layer 'input' is 'X'; expected finite numbers, \(units,"),
    (
        lambda: bp.Task({}, None),
        r"targets of layer 'output' is None; expected finite numbers, NaN if missing, \(units,",
    ),
    (
        lambda: bp.Task([["a"]], {}),
        r"inputs of layer 'input' is \[\['a'\]\]; expected finite numbers, \(units,",
    ),
    (
        lambda: TASK.of_cases([]),
        r"inputs of layer 'input' is array\(\[\], shape=\(2, 0\), dtype=float64\); expected finite numbers, \(units,",
    ),
    (lambda: TASK.of_case(9), r"cases is \[9\]; expected numbers of cases from 0 to 3, \(k,\)"),
    (lambda: TASK.of_cases([[0, 1], [2, 3]]), r"cases is \[\[0, 1\], \[2, 3\]\]; expected .* \(k,\); of a mask, np.fl"),
    (lambda: TASK.of_case(4), r"cases is \[4\]; expected numbers of cases from 0 to 3, \(k,\)"),
    (lambda: task(1), r"inputs of layer 'input' is 1; expected finite numbers, \(units, cases\)"),
    (
        lambda: task(targets=[[]]),
        r"targets of layer 'output' is \[\[\]\]; expected finite numbers, NaN if missing, \(units,",
    ),
    (
        lambda: task([[0, NAN]], [[0, 1]]),
        r"inputs of layer 'input' is \[\[0, nan\]\]; expected finite numbers, \(units,",
    ),
    (
        lambda: task([[0, INF]], [[0, 1]]),
        r"inputs of layer 'input' is \[\[0, inf\]\]; expected finite numbers, \(units,",
    ),
    (
        lambda: task(targets=[[0, 0, INF, 1]]),
        r"targets of layer 'output' is \[\[0, 0, inf, 1\]\]; expected finite numbers, NaN if missing, \(units,",
    ),
    (lambda: task(held_out=[0, 3]), r"held_out is \[0, 3\]; expected bool \(cases,\) or \(runs, cases\)"),
    (lambda: task(held_out=True), r"held_out is True; expected bool \(cases,\) or \(runs, cases\)"),
    (
        lambda: task(held_out=[[True], []]),
        r"held_out is ragged or too large for an array; expected bool \(cases,\) or \(runs, cases\)",
    ),
    (lambda: task(targets=[[0, 1]]), r"the parts of the task have \[2, 4\] cases; expected the same number in all"),
    (lambda: task(held_out=[True]), r"the parts of the task have \[1, 4\] cases; expected the same number in all"),
    (
        lambda: task([X] * 2, [[[0, 0, 0, 1]]] * 3),
        r"the parts of the task have \[2, 3\] runs; expected the same number",
    ),
    (lambda: task([X] * 2, held_out=[[True] * 4] * 3), r"the parts of the task have \[2, 3\] runs; expected the same"),
    (lambda: TASK.hold_out([0.5]), r"cases is \[0\.5\]; expected numbers of cases from 0 to 3, \(k,\)"),
    (
        lambda: TASK.hold_out([True, False]),
        r"cases is \[True, False\]; expected numbers of cases from 0 to 3, \(k,\)",
    ),
    (lambda: TASK.hold_out(3), r"cases is 3; expected numbers of cases from 0 to 3, \(k,\)"),
    (
        lambda: TASK.hold_out([[0], [1, 2]]),
        r"cases is ragged or too large for an array; expected numbers of cases from 0 to 3, \(k,\)",
    ),
    (lambda: TASK.hold_out([0, 4]), r"cases is \[0, 4\]; expected numbers of cases from 0 to 3, \(k,\)"),
    (lambda: TASK.hold_out([-1]), r"cases is \[-1\]; expected numbers of cases from 0 to 3, \(k,\)"),
    (
        lambda: TASK.hold_out([[0], [1]]).hold_out([[0], [1], [2]]),
        "cases are held out for 3 runs, and were for 2; expected the same",
    ),
    (
        lambda: NET.gradient(W, TASK.inputs),
        r"the task is \{'input': array\(\[\[0\., 0\., 1\., 1\.\], \[0\., 1\., 0\., 1\.\]\]\)\}; expected a bp\.Task",
    ),
    (lambda: train(task=None), r"the task is None; expected a bp\.Task"),
    (lambda: NET.forward(W, {}), r"the parts of the task have \[\] cases; expected"),
    (
        lambda: NET.forward(W, {"hidden": X}),
        r"inputs are given for \['hidden'\]; expected the layers without incoming links, \['input'\]",
    ),
    (
        lambda: NET.gradient(W, bp.Task(TASK.inputs, {"input": X})),
        r"targets are given for \['input'\]; expected layers with incoming links, of \['hidden',",
    ),
    (
        lambda: train(task=task(X[:1])),
        r"states of layer 'input' have the shape \(1, 4\), so 1 units; expected 2, as the layer has",
    ),
    (
        lambda: train(task=task(targets=X)),
        r"states of layer 'output' have the shape \(2, 4\), so 2 units; expected 1, as the layer has",
    ),
    (
        lambda: train(task=task([X] * 2)),
        "the task has cases for 2 runs; expected 3, as w has, or cases without the axis",
    ),
    (
        lambda: train(task=bp.Task(TASK.inputs, {})),
        "a run has no targets; expected at least one target that is neither missing",
    ),
    (
        lambda: train(task=task(targets=[[NAN] * 4])),
        "a run has no targets; expected at least one target that is neither missing",
    ),
    (
        lambda: train(task=TASK.hold_out([[0], [0], [1]]).hold_out([1, 2, 3])),
        "a run has no targets; expected at least one target that is neither missing",
    ),
    (lambda: NET.gradient(W, bp.symmetry(2, 0, 0.9), bp.hinge()), "targets of a hinge .* hold 0.9; expected 0 or 1"),
    (lambda: NET.gradient(W, bp.symmetry(2, -1), bp.dead_zone()), "targets of .* a dead zone hold -1; expected 0 or 1"),
    (lambda: bp.symmetry(0), "units is 0; expected an integer of at least 1"),
    (lambda: bp.symmetry(low=1), "low is 1; expected a number of at least -1e.300 and below 1"),
    (lambda: bp.symmetry(low=-np.inf), "low is -inf; expected a number of at least -1e.300 and below 1"),
    # training
    (
        lambda: train(epsilon=np.ones(3)),
        r"epsilon is array\(\[1\., 1\., 1\.\]\); expected numbers from 0 to below inf that broadcast",
    ),
    (
        lambda: train(alpha=np.ones((2, 1)) / 2),
        r"alpha is array\(\[\[0\.5\], \[0\.5\]\]\); expected numbers from 0 to below 1 that broadcast",
    ),
    (lambda: train(epsilon=-0.1), r"epsilon is -0\.1; expected numbers from 0 to below inf that broadcast"),
    (lambda: train(epsilon=NAN), "epsilon is nan; expected numbers from 0 to below inf that broadcast"),
    (lambda: train(epsilon=INF), "epsilon is inf; expected numbers from 0 to below inf that broadcast"),
    (lambda: train(alpha=1), "alpha is 1; expected numbers from 0 to below 1 that broadcast"),
    (
        lambda: train(decay=[0.1] * 8 + [1.5]),
        r"decay is float64 \(9,\) with 1\.5 at \(8,\); expected numbers from 0 to below 1 that broadcast",
    ),
    (lambda: train(epsilon=0), "epsilon is 0 everywhere; expected a positive rate somewhere, or nothing is learned"),
    (lambda: train(error="hinge"), r"error is 'hinge'; expected a bp\.ErrorRule, such as bp\.squared or"),
    (lambda: train(error=bp.hinge), "error is <function hinge .*>; expected a bp.ErrorRule"),
    (lambda: train(tolerance="loose"), "tolerance is 'loose'; expected a positive number, or a list of such, the"),
    (lambda: train(tolerance=[]), r"tolerance is \[\]; expected a positive number, or a list of such, the"),
    (
        lambda: train(tolerance=[0.2, NAN]),
        r"tolerance is \[0\.2, nan\]; expected a positive number, or a list of such, the",
    ),
    (
        lambda: train(tolerance=[0.2, 0.5]),
        r"tolerance is \[0\.2, 0\.5\]; expected a positive number, or a list of such, the",
    ),
    (
        lambda: train(FIT, tolerance=[0.5, 0.2]),
        r"tolerance is \[0\.5, 0\.2\], and was 0\.5 in the call before; expected the same, or fit\.weights",
    ),
    (
        lambda: train(FIT, tolerance=0.2),
        "tolerance is 0.2, and was 0.5 in the call before; expected the same, or fit.weights",
    ),
    (lambda: train(tolerance=0), "tolerance is 0; expected a positive number"),
    (lambda: train(stop=None), "stop is None; expected True or False"),
    (
        lambda: train(tolerance=0.51),
        "tolerance is 0.51; expected a positive number up to 0.5, half the distance .* 'output'",
    ),
    (
        lambda: train(task=bp.symmetry(2, 0.1, 0.9)),
        "tolerance is 0.5; expected a positive number up to 0.4, half the dis",
    ),
    (lambda: train(task=bp.symmetry(2, 0.2, 0.8), tolerance=0.31), "tolerance is 0.31; expected .* up to 0.3, half"),
    (lambda: train(order=[0, 1, 2]), r"order is \[0, 1, 2\]; expected each of the case numbers 0 to 3 once"),
    (lambda: train(order=[0, 1, 2, 2]), r"order is \[0, 1, 2, 2\]; expected each of the case numbers 0 to 3 once"),
    (
        lambda: train(order=[[0, 1, 2, 3]]),
        r"order is \[\[0, 1, 2, 3\]\]; expected each of the case numbers 0 to 3 once",
    ),
    (lambda: train(order=[1, 2, 3, 4]), r"order is \[1, 2, 3, 4\]; expected each of the case numbers 0 to 3 once"),
    (lambda: train(snapshots=[2]), r"snapshots is \[2\]; expected increasing sweep counts from 0 to 1, for"),
    (lambda: train(snapshots=[1, 0]), r"snapshots is \[1, 0\]; expected increasing sweep counts from 0 to 1"),
    (lambda: train(snapshots=[1, 1]), r"snapshots is \[1, 1\]; expected increasing sweep counts from 0 to 1"),
    (lambda: train(FIT, snapshots=[4]), r"snapshots is \[4\]; expected increasing sweep counts from 5 to 6, for"),
    (lambda: train(snapshots=[0.5]), r"snapshots is \[0\.5\]; expected increasing sweep counts from 0 to 1, for"),
    (lambda: train(snapshots=1), "snapshots is 1; expected increasing sweep counts from 0 to 1, for"),
    (lambda: bp.Task({1: X}, {}), "a layer of inputs is 1; expected a string"),
    (lambda: TASK.desired("input"), "the layer is 'input'; expected one of 'output'"),
    (
        lambda: bp.Task({"input": [X] * 2}, {}).of_runs([2]),
        r"rows are \[2\]; expected numbers of runs, of 2, or True or False for each",
    ),
    (lambda: bp.Task({"input": [X] * 2}, {}).of_runs("no"), "rows are 'no'; expected numbers of runs, of 2"),
    (
        lambda: train(replace(FIT, solved_at=np.full((2, 3), -1))),
        r"a fit's weights are float64 \(3, 9\), and solved_at \(2, 3\); expected weights and velocity float64",
    ),
    (lambda: bp.Fit.load(__file__), r".*test_checks\.py has no fit; expected a file that Fit\.save has written"),
    # iterative nets
    (lambda: bp.unfold([bp.Layer("a", 2)], [], 3), r"links is empty; expected bp\.Links"),
    (lambda: bp.unfold([bp.Layer("a", 2)], [bp.Link("a", "a")], 0), "steps is 0; expected an integer of at least 1"),
    (lambda: bp.unfold([bp.Layer("a", 2)], [bp.Link("b", "a")], 2), "the source of a link is 'b'; expected one of 'a'"),
    *(
        (lambda bounds=bounds: train(error=bp.ErrorRule("mine", bp.squared.derivative, bounds)), message)
        for bounds, message in {
            lambda d: (d[:, :3], d, d): r"the bounds of mine do not fit .*\(1,3\)",
            lambda d: (d, d): "the bounds of mine do not fit .*expected 3, got 2",
            lambda d: (d, d, d, d): "the bounds of mine do not fit .*too many values",
            lambda d: (d, "x", d): "the bounds of mine do not fit .*could not convert string to float",
            lambda d: 3: r"the bounds of mine do not fit .*; expected lower, upper and aim, arrays \(1, 4\)",
        }.items()
    ),
    (
        lambda: bp.sequences(arrivals=[(2, 2)]),
        r"arrivals is \[\(2, 2\)\]; expected a list of pairs of times, the earlier",
    ),
    (lambda: bp.sequences(arrivals=[(0, 2)]), r"arrivals is \[\(0, 2\)\]; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=[(1, 2, 3)]), r"arrivals is \[\(1, 2, 3\)\]; expected a list of pairs of times"),
    (
        lambda: bp.sequences(arrivals=[(1, 2), 3]),
        "arrivals is ragged or too large for an array; expected a list of pairs of times, the earlier first,",
    ),
    (lambda: bp.sequences(arrivals=[]), r"arrivals is \[\]; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=3), "arrivals is 3; expected a list of pairs of times, the earlier first"),
    (lambda: bp.sequences(links=NAN), "links is nan; expected a number of at least 0 and at most 1"),
    (lambda: bp.sequences(links=7), "links is 7; expected a number of at least 0 and at most 1"),
    (lambda: bp.sequences(seed=None), "a seed is None; expected an integer of at least 0"),
    (
        lambda: bp.sequences(arrivals=[(1, 10**12)]),
        r"arrivals is \[\(1, 1000000000000\)\]; expected a list of pairs of times, the earlier first,",
    ),
    (lambda: bp.shift_register(1), "units is 1; expected an integer of at least 2"),
    # scores and questions
    (
        lambda: bp.right(bp.layered(6, 2, 1), np.zeros((1, 17)), bp.symmetry(), by="luck"),
        "by is 'luck'; expected one of 'half', 'largest'",
    ),
    (
        lambda: bp.right(bp.layered(6, 2, 1), np.zeros((1, 17)), bp.symmetry(low=0.1)),
        "targets of layer output hold 0.1; expected 0 or 1",
    ),
    (lambda: bp.families.case_of("Bob", "aunt"), "person is 'Bob'; expected one of 'Christopher', 'Andrew'"),
    (
        lambda: bp.families.case_of("Colin", "wife"),
        "the relationship asked of Colin is 'wife'; expected one of 'father', 'mother', 'sister', 'uncle', 'aunt'",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        call()
    assert "; expected " in str(caught.value)


def unreached(module, bad):
    """The lines of a module that name something wrong and that no call in `bad` comes to."""
    source = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call)]
    names = {node: getattr(node.func, "id", getattr(node.func, "attr", None)) for node in calls}
    lines = {
        line: node.lineno for node in calls if names[node] in CHECKS for line in range(node.lineno, node.end_lineno + 1)
    }
    reached = set()
    for call, _ in bad:
        try:
            call()
        except Exception as error:
            frames = inspect.getinnerframes(error.__traceback__)
            reached |= {
                lines.get(caller.lineno)
                for caller, callee in pairwise(frames)
                if callee.function in CHECKS and caller.filename == module.__file__
            }
    return set(lines.values()) - reached


CHECKS = ("fail", "expect")


@pytest.mark.parametrize("module", [bp.checks, bp.descent, bp.families, bp.iterative, bp.network, bp.tasks, bp.units])
def test_every_check_has_a_row_above(module):
    assert unreached(module, BAD) == set()


def test_what_the_checks_let_pass():
    """The bounds themselves are allowed."""
    assert bp.hinge(0).name == "hinge(0)"
    assert bp.symmetry(1).cases == 2
    assert NET.initial_weights(np.arange(2)).shape == (2, 9)
    assert NET.initial_weights([0], limit=0).any() == 0
    assert TASK.hold_out([]).held_out.tolist() == [False] * 4
    assert TASK.hold_out(np.array([0], np.uint8)).hold_out([[1], [2]]).held_out.sum(axis=1).tolist() == [2, 2]
    train(tolerance=0.5, alpha=0, decay=0, sweeps=0, snapshots=[0])
    train(task=bp.symmetry(2, 0.1, 0.9), tolerance=0.4)
    train(task=bp.symmetry(2, 0.1, 0.3), tolerance=0.1)  # (0.3 - 0.1) / 2 is a rounding below it
    train(task=bp.symmetry(2, 0.2, 0.8), tolerance=0.3)
    train(task=task(targets=[[1, 1, NAN, 1]]), tolerance=7)  # one target only: any tolerance tells something
    train(epsilon=np.eye(9)[:1], order=(3, 2, 1, 0), record=np.int64(3))
