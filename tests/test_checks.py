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
    (lambda: bp.Network([("a", 2)], [bp.Link("a", "b")]), r"\('a', 2\) stands among the layers; expected a bp.Layer"),
    (lambda: bp.Network([bp.Layer("a", 2)], [("a", "b")]), r"\('a', 'b'\) stands among the links; expected a bp.Link"),
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
    (lambda: train(epsilon=[[1], [1, 2]]), "epsilon is ragged; expected an array of numbers"),
    (lambda: task([[0, 1], [1]]), "inputs of layer 'input' is ragged; expected an array of numbers"),
    (lambda: train(epsilon="fast"), "epsilon holds <U4; expected real numbers"),
    (lambda: train(epsilon=None), "epsilon holds object; expected real numbers"),
    (lambda: task([[1j]], [[0]]), "inputs of layer 'input' holds complex128; expected real numbers"),
    (lambda: NET.matrices(W[0]), r"w has the shape \(9,\); expected \(runs, 9\), one row of weights a run"),
    (lambda: NET.gradient(W[:, 1:], TASK), r"w has the shape \(3, 8\); expected \(runs, 9\), one row of weights a run"),
    (lambda: train(FIT, net=bp.layered(2, 1)), r"w has the shape \(3, 9\); expected \(runs, 3\)"),
    (lambda: train(replace(FIT, velocity=FIT.velocity[:, :1])), r"w has the shape \(3, 1\); expected \(runs, 9\)"),
    (lambda: train(replace(FIT, velocity=np.zeros((2, 9)))), r"the fit's velocity are float64 \(2, 9\); expected"),
    (
        lambda: train(replace(FIT, solved_at=np.zeros(2, int))),
        r"the fit's solved_at has the shape \(2,\); expected a n",
    ),
    (lambda: NET.evaluator(TASK)(np.zeros(5)), r"w has the shape \(5,\); expected \(9,\), the weights of one run"),
    (lambda: NET.evaluator(TASK, OWN), "the net or the error has a function of the user's own; expected those of bp"),
    (lambda: NET.gradient(W, TASK, "squared"), "error is 'squared'; expected a bp.ErrorRule"),
    (lambda: train([[0.0] * 9]), "w is list; expected an array of float64"),
    (lambda: train(W.astype(np.float32)), "w is float32; expected an array of float64"),
    (lambda: train(np.zeros((1, 9), int)), "w is int64; expected an array of float64"),
    (lambda: train(W[:0]), "w has no rows; expected one row of weights a run"),
    (lambda: NET.forward(np.where([[0], [1], [0]], NAN, W), TASK.inputs), "w of run 1 holds NaN .*; expected finite"),
    (
        lambda: MASKED.forward(np.ones((1, 3)), {"a": X}),
        "w gives weight to connections .* mask .*; expected zero there",
    ),
    (lambda: NET.initial_weights(None), r"seeds is None; expected an integer or several, .* 7 or range\(1000\)"),
    (lambda: NET.initial_weights([]), "seeds is empty; expected at least one seed"),
    (lambda: NET.initial_weights([-1]), "a seed is -1; expected an integer of at least 0"),
    (lambda: NET.initial_weights([0.5]), "a seed is 0.5; expected an integer"),
    (lambda: NET.initial_weights([0], limit=-0.3), "limit is negative; expected a range .* of at least 0"),
    (lambda: NET.initial_weights([0], limit=INF), "limit is not finite; expected a range .* of at least 0"),
    (lambda: NET.initial_weights([0], limit=(1, 2, 3)), "limit has 3 bounds; expected a lower and an upper one"),
    (
        lambda: NET.initial_weights([0], limit=(0, [0.1] * 8 + [-0.1])),
        "a lower bound of limit is above the upper one; expected them in order",
    ),
    (lambda: NET.initial_weights([0], limit=[1, 2]), r"limit has the shape \(2,\); expected a number, or .* \(9,\)"),
    (
        lambda: NET.initial_weights([0], limit=[[[1] * 9]]),
        r"limit has the shape \(1, 1, 9\); expected a number, or one per",
    ),
    (lambda: bp.tanh.with_gain(0), "gain is 0; expected a positive number"),
    (lambda: bp.Activation(np.tanh, 1), "an activation has <ufunc 'tanh'> and 1; expected two functions"),
    (
        lambda: bp.Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        "the slope is 0.438 at x = -2.13; expected 0.05493",
    ),
    (lambda: bp.Activation(np.tanh, lambda y: 1), "the slope is 1 at x = -2.13; expected 0.05493"),
    (lambda: bp.dead_zone(0.2, whole_cases=1), "whole_cases is 1; expected True or False"),
    (lambda: bp.symmetry(21), "units is 21; expected an integer of at most 20"),
    (lambda: bp.encoder(10**12), "units is 1000000000000; expected an integer of at most 4,096"),
    (lambda: train(sweeps=10**12), "sweeps is 1000000000000; expected an integer of at most 1,000,000,000"),
    (lambda: bp.hinge("0.2"), "margin is '0.2'; expected a number"),
    (lambda: bp.hinge(False), "margin is False; expected a number"),
    (lambda: bp.symmetry(high=10**400), "high is 1000*; expected a number"),
    (lambda: train(epsilon=True), "epsilon holds bool; expected real numbers"),
    (lambda: train(progress=1), "progress is 1; expected True or False"),
    (lambda: NET.initial_weights(range(10**12)), "seeds has more than 10,000,000 members; expected an integer or sev"),
    (lambda: task(range(10**12)), "inputs of layer 'input' is too large; expected an array of numbers"),
    (lambda: NET.matrices(W.tolist()), r"w is list; expected an array \(runs, 9\), one row of weights a run"),
    (lambda: train(net="no"), "the net is 'no'; expected a bp.Network"),
    (lambda: bp.right(None, W, TASK), "the net is None; expected a bp.Network"),
    (lambda: bp.right(NET, W, "no"), "the task is str; expected a bp.Task"),
    (lambda: bp.Activation(len, len), "an activation fails for an array: .*; expected two functions of arrays"),
    (lambda: bp.Activation(np.tanh, lambda y: 1 - y * y, 3), "the name of an activation is 3; expected a name, which"),
    (lambda: FIT.then(None), "None does not go on from Fit of 3 runs .*; expected what bp.train made"),
    # networks
    (lambda: bp.layered(6), r"layered\(6,\) has 1 layers; expected at least two numbers of units"),
    (lambda: bp.layered(6, 0), "a number of units is 0; expected an integer of at least 1"),
    (lambda: bp.layered(6, 2, 1, activation=[bp.tanh]), "there are 1 activations; expected one, or .* hidden, output"),
    (lambda: bp.layered(6, 2.5), "a number of units is 2.5; expected an integer"),
    (lambda: bp.layered(2, 1, 1, skips=(0, 2)), "skip 0; expected a pair of layer numbers, for instance"),
    (lambda: bp.layered(2, 1, 1, skips=["02"]), "skip '02'; expected a pair of layer numbers"),
    (
        lambda: bp.layered(2, 1, 1, skips=2),
        r"skips is 2; expected a list of pairs of layer numbers, for instance \[\(0, 2\)\]",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(0, 1)]),
        r"skip \(0, 1\); expected .* at least two above it, of layers 0 to 2",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(0, 3)]),
        r"skip \(0, 3\); expected .* at least two above it, of layers 0 to 2",
    ),
    (
        lambda: bp.layered(2, 1, 1, skips=[(2, 0)]),
        r"skip \(2, 0\); expected .* at least two above it, of layers 0 to 2",
    ),
    (lambda: bp.layered(2, 1, 1, skips=[(0, 2)] * 2), "there are 2 links input->output; expected one"),
    (lambda: bp.Network([], []), "the network has no layers or no links; expected at least two layers and a link"),
    (lambda: network(), "the network has no layers or no links; expected at least two layers and a link"),
    (
        lambda: network(LINK, units=(2, 0, 1)),
        "the number of units of layer 'b' is 0; expected an integer of at least 1",
    ),
    (lambda: bp.layered(10**5, 10**4), "the net has 1,000,010,000 weights; expected at most 100,000,000"),
    (lambda: bp.Network(3, [LINK]), "layers is 3; expected bp.Layers"),
    (lambda: bp.Network(TWICE, None), "links is None; expected bp.Links"),
    (lambda: bp.Network([bp.Layer(3, 2)], [LINK]), "the name of a layer is 3; expected a name, which is a string"),
    (lambda: network(LINK, bias=False), "the bias of layer 'a' is False; expected a name, which is a string"),
    (lambda: network(LINK, bias=0.5), "the bias of layer 'a' is 0.5; expected a name"),
    (lambda: network(bp.Link("a", None)), "the target of a link is None; expected a name"),
    (lambda: network(bp.Link("a", "b", 7)), "the weights of a link is 7; expected a name"),
    (lambda: bp.Network(TWICE, [LINK]), "there are 2 layers 'b'; expected a name of its own for each"),
    (
        lambda: network(LINK, activation=np.tanh),
        "the activation of layer 'a' is <ufunc 'tanh'>; expected a bp.Activation",
    ),
    (lambda: network(bp.Link("a", "z")), "link a->z names an unknown layer 'z'; expected one of a, b, c"),
    (lambda: network(bp.Link("z", "a")), "link z->a names an unknown layer 'z'; expected one of a, b, c"),
    (lambda: network(bp.Link("b", "b")), "link b->b stays within a layer; expected a link to a higher layer"),
    (lambda: network(LINK, LINK), "there are 2 links a->b; expected one"),
    (lambda: network(LINK, bp.Link("b", "a")), "links form a cycle: . -> . -> .; expected links from lower layers"),
    (
        lambda: network(bp.Link("b", "a")),
        "link b->a goes downwards; expected layers in order, bottom first, and links up",
    ),
    (lambda: network(LINK, bias="z"), "layer 'a' has the bias 'z' but no incoming link; expected its states to be set"),
    (
        lambda: network(bp.Link("a", "b", "W"), bp.Link("b", "c", "W"), units=(2, 2, 3)),
        r"'W' names weights of shape \(2, 2\) and of \(3, 2\); expected shared weights of one shape",
    ),
    (
        lambda: bp.Network([bp.Layer("a", 1), bp.Layer("b", 1)], [bp.Link("a", "b", "b")]),
        r"'b' names weights of shape \(1, 1\) and of \(1,\); expected shared weights of one shape",
    ),
    (
        lambda: network(bp.Link("a", "b", mask=MASK[:1])),
        r"the mask of link a->b is bool \(1, 2\); expected bool \(2, 2\): \(target units, source units\)",
    ),
    (lambda: network(bp.Link("a", "b", mask=np.eye(2))), r"the mask of link a->b is float64 \(2, 2\); expected bool"),
    (lambda: network(bp.Link("a", "b", mask=[[True], []])), r"the mask of link a->b is ragged; expected bool \(2, 2\)"),
    (
        lambda: network(bp.Link("a", "b", "W", MASK), bp.Link("b", "c", "W")),
        "links that share the weights 'W' have different masks; expected one mask",
    ),
    (
        lambda: network(bp.Link("a", "b", "W", MASK), bp.Link("b", "c", "W", ~MASK)),
        "links that share the weights 'W' have different masks; expected one mask",
    ),
    # tasks
    (lambda: bp.Task("X", {}), "inputs are str; expected an array, or a dict of layer name -> states"),
    (lambda: bp.Task({}, None), "targets are NoneType; expected an array, or a dict of layer name -> states"),
    (lambda: bp.Task([["a"]], {}), "inputs of layer 'input' holds <U1; expected real numbers"),
    (lambda: TASK.of_cases([]), r"cases have the shape \(0,\); expected \(k,\), at least one case"),
    (lambda: bp.Task({1: X}, {}), "a layer of inputs is 1; expected a name, which is a string"),
    (lambda: TASK.desired("input"), "the layer is 'input'; expected one of 'output'"),
    (lambda: TASK.of_case(9), "cases run from 9 to 9; expected numbers from 0 to 3"),
    (lambda: task([X] * 2).of_runs([2]), r"rows are \[2\]; expected numbers of runs, of 2, or True or False for each"),
    (lambda: task([X] * 2).of_runs("no"), "rows are 'no'; expected numbers of runs, of 2"),
    (lambda: TASK.of_case(4), "cases run from 4 to 4; expected numbers from 0 to 3"),
    (lambda: task([0, 1]), r"inputs of layer 'input' have the shape \(2,\); expected \(units, cases\) or"),
    (lambda: task(targets=[[]]), r"targets of layer 'output' have the shape \(1, 0\); expected \(units, cases\) or"),
    (lambda: task([[0, NAN]], [[0, 1]]), "inputs of layer 'input' hold NaN or infinity; expected finite states"),
    (lambda: task([[0, INF]], [[0, 1]]), "inputs of layer 'input' hold NaN or infinity; expected finite states"),
    (lambda: task(targets=[[0, 0, INF, 1]]), "targets of layer 'output' hold infinity; expected finite states, or NaN"),
    (lambda: task(held_out=[0, 3]), r"held_out is int64 of shape \(2,\); expected bool \(cases,\) or \(runs, cases\)"),
    (lambda: task(held_out=True), r"held_out is bool of shape \(\); expected bool \(cases,\) or \(runs, cases\)"),
    (lambda: task(held_out=[[True], []]), r"held_out is ragged; expected bool \(cases,\) or \(runs, cases\)"),
    (lambda: task(targets=[[0, 1]]), r"the parts of the task have \[2, 4\] cases; expected the same number in all"),
    (lambda: task(held_out=[True]), r"the parts of the task have \[1, 4\] cases; expected the same number in all"),
    (
        lambda: task([X] * 2, [[[0, 0, 0, 1]]] * 3),
        r"the parts of the task have \[2, 3\] runs; expected the same number",
    ),
    (lambda: task([X] * 2, held_out=[[True] * 4] * 3), r"the parts of the task have \[2, 3\] runs; expected the same"),
    (lambda: TASK.hold_out([0.5]), "cases are float64; expected integers"),
    (lambda: TASK.hold_out([True, False]), "cases are bool; expected integers"),
    (lambda: TASK.hold_out(3), r"cases have the shape \(\); expected \(k,\), or \(runs, k\) to hold out cases by run"),
    (lambda: TASK.hold_out([[0], [1, 2]]), r"cases is ragged; expected \(k,\), or \(runs, k\)"),
    (lambda: TASK.hold_out([0, 4]), "cases run from 0 to 4; expected numbers from 0 to 3"),
    (lambda: TASK.hold_out([-1]), "cases run from -1 to -1; expected numbers from 0 to 3"),
    (
        lambda: TASK.hold_out([[0], [1]]).hold_out([[0], [1], [2]]),
        "cases are held out for 3 runs, and were for 2; expected the same",
    ),
    (lambda: NET.gradient(W, TASK.inputs), "the task is dict; expected a bp.Task"),
    (lambda: train(task=None), "the task is NoneType; expected a bp.Task"),
    (lambda: NET.forward(W, {}), r"the parts of the task have \[\] cases; expected"),
    (
        lambda: NET.forward(W, {"hidden": X}),
        r"inputs are given for \['hidden'\]; expected the layers without incoming links, \['input'\]",
    ),
    (
        lambda: NET.gradient(W, bp.Task(TASK.inputs, {"input": X})),
        r"targets are given for layer 'input'; expected layers with incoming links, of \['hidden', 'output'\]",
    ),
    (lambda: train(task=task(X[:1])), "inputs of layer 'input' have 1 units; expected 2, as the layer has"),
    (lambda: train(task=task(targets=X)), "targets of layer 'output' have 2 units; expected 1, as the layer has"),
    (
        lambda: train(task=task([X] * 2)),
        "the task has cases for 2 runs; expected 3, as w has, or cases without the axis",
    ),
    (lambda: train(task=bp.Task(TASK.inputs, {})), "the task has no targets; expected targets for at least one layer"),
    (lambda: train(task=task(targets=[[NAN] * 4])), "a run has no targets left; expected at least one target that is"),
    (lambda: train(task=TASK.hold_out([[0], [0], [1]]).hold_out([1, 2, 3])), "a run has no targets left; expected"),
    (lambda: NET.gradient(W, bp.symmetry(2, 0, 0.9), bp.hinge()), "targets of a hinge .* hold 0.9; expected 0 or 1"),
    (lambda: NET.gradient(W, bp.symmetry(2, -1), bp.dead_zone()), "targets of .* a dead zone hold -1; expected 0 or 1"),
    (lambda: bp.symmetry(0), "units is 0; expected an integer of at least 1"),
    (lambda: bp.symmetry(low=1), "low is 1; expected a number of at least -inf and below 1"),
    # training
    (
        lambda: train(epsilon=np.ones(3)),
        r"epsilon has the shape \(3,\); expected a number or .* broadcasts against \(runs, size\) = \(3, 9\)",
    ),
    (lambda: train(alpha=np.ones((2, 1)) / 2), r"alpha has the shape \(2, 1\); expected .* broadcasts"),
    (lambda: train(epsilon=-0.1), "epsilon is -0.1; expected numbers of at least 0 and below inf"),
    (lambda: train(epsilon=NAN), "epsilon is nan; expected numbers of at least 0 and below inf"),
    (lambda: train(epsilon=INF), "epsilon is inf; expected numbers of at least 0 and below inf"),
    (lambda: train(alpha=1), "alpha is 1; expected numbers of at least 0 and below 1"),
    (lambda: train(decay=[0.1] * 8 + [1.5]), "decay is 1.5; expected numbers of at least 0 and below 1"),
    (lambda: train(epsilon=0), "epsilon is 0 everywhere; expected a positive rate somewhere, or nothing is learned"),
    (lambda: train(error="hinge"), r"error is 'hinge'; expected a bp.ErrorRule, such as bp.squared, bp.hinge\(0.2\)"),
    (lambda: train(error=bp.hinge), "error is <function hinge .*>; expected a bp.ErrorRule"),
    (lambda: train(tolerance="loose"), "tolerance holds <U5; expected real numbers"),
    (lambda: train(tolerance=[]), r"tolerance has the shape \(0,\); expected a number, or a list of numbers"),
    (lambda: train(tolerance=[0.2, NAN]), "tolerance is nan; expected a positive number"),
    (lambda: train(tolerance=[0.2, 0.5]), r"tolerances are \[0.2, 0.5\]; expected the loosest first"),
    (lambda: train(FIT, tolerance=[0.5, 0.2]), "there are 2 tolerances, and were 1 in the call before; expected the"),
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
    (lambda: train(order=[0, 1, 2]), "order has 3 case numbers, 3 of them different; expected each of 0 to 3 once"),
    (lambda: train(order=[0, 1, 2, 2]), "order has 4 case numbers, 3 of them different; expected each of 0 to 3 once"),
    (lambda: train(order=[[0, 1, 2, 3]]), "order has 4 case numbers, .*; expected each of 0 to 3 once"),
    (lambda: train(order=[1, 2, 3, 4]), "cases run from 1 to 4; expected numbers from 0 to 3"),
    (lambda: train(snapshots=[2]), r"snapshots are \[2\]; expected increasing sweep counts from 0 to 1"),
    (lambda: train(snapshots=[1, 0]), r"snapshots are \[1, 0\]; expected increasing sweep counts from 0 to 1"),
    (lambda: train(snapshots=[1, 1]), r"snapshots are \[1, 1\]; expected increasing sweep counts from 0 to 1"),
    (lambda: train(FIT, snapshots=[4]), r"snapshots are \[4\]; expected increasing sweep counts from 5 to 6"),
    (lambda: train(snapshots=[0.5]), "a snapshot is 0.5; expected an integer"),
    (lambda: train(snapshots=1), r"snapshots is 1; expected a list of sweep counts, for instance \[0, 100\]"),
    # iterative nets
    (lambda: bp.unfold([bp.Layer("a", 2)], [], 3), "the network has no layers or no links; expected at least two"),
    (lambda: bp.unfold([bp.Layer("a", 2)], [bp.Link("a", "a")], 0), "steps is 0; expected an integer of at least 1"),
    (
        lambda: bp.unfold([bp.Layer("a", 2)], [bp.Link("b", "a")], 1),
        "link b->a names an unknown layer 'b'; expected one",
    ),
    (
        lambda: bp.sequences(arrivals=[(2, 2)]),
        r"arrivals is \[\(2, 2\)\]; expected a list of pairs of times, the earlier",
    ),
    (lambda: bp.sequences(arrivals=[(0, 2)]), r"arrivals is \[\(0, 2\)\]; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=[(1, 2, 3)]), r"arrivals is \[\(1, 2, 3\)\]; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=[(1, 2), 3]), r"arrivals is ragged; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=[]), r"arrivals is \[\]; expected a list of pairs of times"),
    (lambda: bp.sequences(arrivals=3), "arrivals is 3; expected a list of pairs of times, the earlier first"),
    (lambda: bp.sequences(links=NAN), "links is nan; expected a number of at least 0 and at most 1"),
    (lambda: bp.sequences(links=7), "links is 7; expected a number of at least 0 and at most 1"),
    (lambda: bp.sequences(seed=None), "seed is None; expected an integer"),
    (lambda: bp.sequences(arrivals=[(1, 10**12)]), "steps is 1000000000003; expected an integer of at most 10,000"),
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
    lines = {node.lineno for node in calls if getattr(node.func, "id", None) == "fail"}
    reached = set()
    for call, _ in bad:
        try:
            call()
        except Exception as error:
            frames = inspect.getinnerframes(error.__traceback__)
            reached |= {
                caller.lineno
                for caller, callee in pairwise(frames)
                if callee.function == "fail" and caller.filename == module.__file__
            }
    return lines - reached


def test_every_check_has_a_row_above():
    assert unreached(bp.checks, BAD) == set()


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
