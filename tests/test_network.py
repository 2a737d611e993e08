"""The two passes: equations (1)-(7) against oracles that share no code with them."""

import math
import pickle

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import by_hand, of_run, problems

import bp
from bp import equations, layout

deterministic = settings(deadline=None, derandomize=True, max_examples=2 * settings().max_examples)

# ---------------------------------------------------------------- oracles

OUTPUT = {
    "logistic": lambda x: 1 / (1 + anp.exp(-x)),
    "tanh": anp.tanh,
    "linear": lambda x: x,
    "softsign": lambda x: x / (1 + anp.abs(x)),
    "rectified": lambda x: anp.maximum(x, 0),
    "softplus": lambda x: anp.log(1 + anp.exp(x)),
}
ERROR = {
    "squared": lambda y, d: (y - d) ** 2 / 2,
    "hinge(0.2)": lambda y, d: anp.maximum(0.8 - y, 0) ** 2 / 2 if d else anp.maximum(y - 0.2, 0) ** 2 / 2,
    "dead_zone(0.2)": lambda y, d: (y - d) ** 2 / 2 * ((y < 0.8) if d else (y > 0.2)),
}


def parts_of(net, w):
    """The matrices in the order of the links, then the biases in the order of the layers, each name once."""
    units = {layer.name: layer.units for layer in net.layers}
    shapes = {link.weights: (units[link.target], units[link.source]) for link in net.links}
    biases = {layer.name: layer.bias if isinstance(layer.bias, str | None) else layer.name for layer in net.layers}
    for layer in net.layers:
        if biases[layer.name] and layer.name in {link.target for link in net.links}:
            shapes.setdefault(biases[layer.name], (units[layer.name], 1))
    parts, start = {}, 0
    for name, (rows, columns) in shapes.items():
        parts[name] = w[start : start + rows * columns].reshape(rows, columns)
        start += rows * columns
    assert start == len(w)
    return parts, biases


def states_of(net, w, inputs):
    """Equations (1) and (2) for one run."""
    parts, biases = parts_of(net, w)
    y = dict(inputs)
    for layer in net.layers:
        if layer.name not in inputs:
            x = parts.get(biases[layer.name], 0)
            for link in net.links:
                if link.target == layer.name:
                    x = x + anp.dot(parts[link.weights], y[link.source])
            y[layer.name] = OUTPUT[layer.activation.name](layer.activation.gain * x)
    return y


def error_of(w, net, task, rule):
    """Equation (3) for one run."""
    y, E = states_of(net, w, task.inputs), 0.0
    for name, d in task.targets.items():
        for j, c in np.ndindex(d.shape):
            if not math.isnan(d[j, c]) and not (task.held_out is not None and task.held_out[c]):
                E = E + ERROR[rule.name](y[name][j, c], d[j, c])
    return E


def central_difference(net, w, task, rule, h=1e-6):
    """∂E/∂w of one run, from a run at each of the points w ± h."""
    steps = h * np.eye(net.size) * net.mask
    return (net.gradient(w + steps, task, rule)[0] - net.gradient(w - steps, task, rule)[0]) / (2 * h)


# ---------------------------------------------------------------- gradients


@deterministic
@given(problems())
def test_forward_is_the_oracles(problem):
    y = problem.net.forward(problem.w, problem.task.inputs)
    assert list(y) == [layer.name for layer in problem.net.layers]
    for run, w in enumerate(problem.w):
        for name, states in states_of(problem.net, w, of_run(run, problem.task).inputs).items():
            expected = np.broadcast_to(states, y[name][run].shape)
            np.testing.assert_allclose(y[name][run], expected, rtol=1e-12, atol=1e-13)


@deterministic
@given(problems())
def test_gradient_is_autograds(problem):
    E, dE_dw = problem.net.gradient(problem.w, problem.task, problem.rule)
    for run, w in enumerate(problem.w):
        oracle = autograd.value_and_grad(error_of)
        expected_E, expected = oracle(w, problem.net, of_run(run, problem.task), problem.rule)
        expected = expected * problem.net.mask[0]
        np.testing.assert_allclose(E[run], expected_E, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(dE_dw[run], expected, rtol=1e-10, atol=1e-12)  # sums of a few dozen terms near 1


@deterministic
@given(problems())
def test_gradient_is_the_central_difference(problem):
    E, dE_dw = problem.net.gradient(problem.w, problem.task, problem.rule)
    for run, w in enumerate(problem.w):
        expected = central_difference(problem.net, w, of_run(run, problem.task), problem.rule)
        np.testing.assert_allclose(dE_dw[run], expected, rtol=1e-6, atol=1e-6 * max(1, E[run]))  # E is rounded, over h


@deterministic
@given(problems(own=False))
def test_the_kernel_is_the_equations(problem):
    """What is compiled, and what is read: the same states, E and ∂E/∂w."""
    net, task = problem.net, problem.task
    assert layout.knows(net, problem.rule)
    y, expected_y = net.forward(problem.w, task.inputs), equations.forward(net, problem.w, task.inputs)
    for name, states in expected_y.items():
        np.testing.assert_allclose(y[name], np.broadcast_to(states, y[name].shape), rtol=1e-12, atol=1e-15)
    E, dE_dw = net.gradient(problem.w, task, problem.rule)
    expected_E, expected = equations.backward(net, problem.w, task, problem.rule, expected_y)
    np.testing.assert_allclose(E, expected_E, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(dE_dw, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("units", [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 30])
@pytest.mark.parametrize("cases", [1, 7, 8, 9, 31, 32, 33, 104])
def test_the_kernel_is_the_equations_at_any_size(units, cases):
    """Blocks of four rows, tiles, terms, narrow layers, and what is left over of each."""
    rng = np.random.default_rng(units + 100 * cases)
    net = bp.layered(units, units + 1, 3, skips=[(0, 2)])
    task = bp.Task({"input": rng.normal(size=(units, cases))}, {"output": rng.integers(0, 2, (3, cases))})
    w = rng.normal(size=(2, net.size))
    E, dE_dw = net.gradient(w, task, bp.hinge(0.2))
    expected_E, expected = equations.backward(net, w, task, bp.hinge(0.2), equations.forward(net, w, task.inputs))
    np.testing.assert_allclose(E, expected_E, rtol=1e-12)
    np.testing.assert_allclose(dE_dw, expected, rtol=1e-11, atol=1e-13 * cases)


@pytest.mark.parametrize("activation", [bp.logistic, bp.tanh, bp.linear, bp.softsign, bp.rectified], ids=repr)
@pytest.mark.parametrize("gain", [1, 0.5, 3])
def test_activations_are_exact_to_the_last_digits(activation, gain):
    """From 1e-300 to where the exponential overflows, and beyond; relative, near 0, too."""
    net = bp.Network([bp.Layer("in", 1), bp.Layer("out", 1, activation.with_gain(gain), None)], [bp.Link("in", "out")])
    x = np.concatenate(
        [np.linspace(-40, 40, 40_001), np.geomspace(1e-300, 1e4, 2000), -np.geomspace(1e-300, 1e4, 2000)]
    )
    y = net.forward(np.ones((1, 1)), {"in": x[None]})["out"][0, 0]
    with np.errstate(over="ignore"):
        expected = activation.function(gain * x)
    np.testing.assert_allclose(y, expected, rtol=5e-16, atol=1e-307)


def test_gradient_worked_out_by_hand():
    net, (w, task, hidden, output, expected_E, expected) = bp.layered(2, 2, 1), by_hand()
    E, dE_dw = net.gradient(w, task)
    np.testing.assert_allclose(E, expected_E, rtol=1e-14)
    np.testing.assert_allclose(dE_dw, expected, rtol=1e-13)
    states = net.forward(w, task.inputs)
    np.testing.assert_allclose(states["hidden"].ravel(), hidden, rtol=1e-15)
    np.testing.assert_allclose(states["output"].ravel(), output, rtol=1e-15)


@pytest.mark.parametrize(
    ("rule", "y", "d", "E", "dE_dy"),
    [
        (bp.squared, 0.9, 1, 0.005, -0.1),
        (bp.squared, 0.5, 0.1, 0.08, 0.4),
        (bp.hinge(0.2), 0.9, 1, 0, 0),
        (bp.hinge(0.2), 0.5, 1, 0.045, -0.3),
        (bp.hinge(0.2), 0.1, 0, 0, 0),
        (bp.hinge(0.2), 0.5, 0, 0.045, 0.3),
        (bp.hinge(0.1), 0.5, 0, 0.08, 0.4),
        (bp.hinge(0), 0.5, 0, 0.125, 0.5),
        (bp.dead_zone(0.2), 0.9, 1, 0, 0),
        (bp.dead_zone(0.2), 0.5, 1, 0.125, -0.5),
        (bp.dead_zone(0.2), 0.1, 0, 0, 0),
        (bp.dead_zone(0.2), 0.25, 0, 0.03125, 0.25),
        (bp.dead_zone(0.3), 0.25, 0, 0, 0),
        (bp.hinge(0.2), 0.2, 0, 0, 0),  # a unit on the bound is good enough
        (bp.dead_zone(0.2), 0.2, 0, 0, 0),
        (bp.dead_zone(0.2), 0.8, 1, 0, 0),
    ],
)
def test_error_rules_by_hand(rule, y, d, E, dE_dy):
    net = bp.Network([bp.Layer("in", 1), bp.Layer("out", 1, bp.linear, bias=None)], [bp.Link("in", "out")])
    task = bp.Task({"in": [[1.0]]}, {"out": [[d]]})
    got_E, dE_dw = net.gradient(np.array([[y]]), task, rule)
    np.testing.assert_allclose(got_E, [E], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(dE_dw, [[dE_dy]], rtol=1e-14, atol=1e-15)


@deterministic
@given(problems())
def test_to_hold_a_case_out_is_to_miss_its_targets(problem):
    net, task = problem.net, problem.task
    if task.held_out is not None:
        missing = {name: np.where(task.held_out[..., None, :], np.nan, d) for name, d in task.targets.items()}
        expected = net.gradient(problem.w, bp.Task(task.inputs, missing), problem.rule)
        for ours, theirs in zip(net.gradient(problem.w, task, problem.rule), expected, strict=True):
            assert np.array_equal(ours, theirs)


@deterministic
@given(problems())
def test_a_bias_is_the_weight_of_an_input_of_one(problem):
    net, task = problem.net, problem.task
    layers = [bp.Layer("one", 1), *(bp.Layer(layer.name, layer.units, layer.activation, None) for layer in net.layers)]
    links = [bp.Link("one", name, f"{bias} as weights") for name, bias in net.biases.items()]
    extended = bp.Network(layers, [*net.links, *links])  # the flat vector keeps its order
    inputs = {**task.inputs, "one": np.ones((1, task.cases))}

    y, expected_y = extended.forward(problem.w, inputs), net.forward(problem.w, task.inputs)
    for name in expected_y:
        np.testing.assert_allclose(y[name], expected_y[name], rtol=1e-13, atol=1e-14)
    E, dE_dw = extended.gradient(problem.w, bp.Task(inputs, task.targets, task.held_out), problem.rule)
    expected_E, expected = net.gradient(problem.w, task, problem.rule)
    np.testing.assert_allclose(E, expected_E, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dE_dw, expected, rtol=1e-11, atol=1e-13)


@deterministic
@given(problems())
def test_masked_weights_have_no_gradient(problem):
    dE_dW = problem.net.matrices(problem.net.gradient(problem.w, problem.task, problem.rule)[1])
    for link in problem.net.links:
        if link.mask is not None:
            assert not dE_dW[link.weights][:, ~link.mask].any()


@deterministic
@given(problems(), st.booleans())
def test_arguments_are_left_as_they_are(problem, by_case):
    """Read-only arrays will do, and nothing writes around that."""
    task = problem.task
    given = [
        problem.w,
        *task.inputs.values(),
        *task.targets.values(),
        *([] if task.held_out is None else [task.held_out]),
    ]
    before = [array.tobytes() for array in given]
    for array in given:
        array.flags.writeable = False
    problem.net.forward(problem.w, task.inputs)
    problem.net.gradient(problem.w, task, problem.rule)
    order = range(task.cases) if by_case else None
    fit = bp.train(problem.net, problem.w, task, 3, 0.1, 0.5, 0.01, error=problem.rule, tolerance=1e-6, order=order)
    given += [fit.weights, fit.velocity, fit.solved_at, fit.error]
    before += [array.tobytes() for array in given[len(before) :]]
    bp.train(problem.net, fit, task, 3, 0.1, 0.5, 0.01, error=problem.rule, tolerance=1e-6, order=order)
    assert [array.tobytes() for array in given] == before


def test_bounds_of_ones_own_may_be_narrow():
    """One bound a unit, for all of its cases."""
    narrow = lambda d: (np.full((len(d), 1), 0.8), np.full((len(d), 1), np.inf), np.full((len(d), 1), 0.8))  # noqa: E731
    rule = bp.ErrorRule("on", bp.squared.derivative, narrow)
    net, rng = bp.layered(2, 2, 1), np.random.default_rng(0)
    task = bp.Task({"input": rng.random((2, 64))}, {"output": np.ones((1, 64))})
    w = net.initial_weights(range(3))
    assert np.array_equal(net.gradient(w, task, rule)[1], net.gradient(w, task, bp.hinge(0.2))[1])


def test_forward_far_from_threshold_is_silent():
    """exp(-x) overflows where y is 0, and no warning says so."""
    net = bp.layered(1, 1)
    y = net.forward(np.array([[1e6, 0.0]]), {"input": [[-1.0, 0.0, 1.0]]})["output"]
    np.testing.assert_allclose(y, [[[0, 0.5, 1]]], rtol=1e-15, atol=1e-300)


# ---------------------------------------------------------------- nets and their weights


def test_layered_names_its_layers():
    ends = lambda net: [(link.source, link.target) for link in net.links]  # noqa: E731
    names = lambda net: [layer.name for layer in net.layers]  # noqa: E731
    assert names(bp.layered(3, 2)) == ["input", "output"]
    assert names(bp.layered(6, 2, 1)) == ["input", "hidden", "output"]
    assert names(bp.layered(6, 2, 2, 1)) == ["input", "hidden1", "hidden2", "output"]
    assert ends(bp.layered(2, 1, 1)) == [("input", "hidden"), ("hidden", "output")]
    assert ends(bp.layered(2, 1, 1, skips=((0, 2),))) == [*ends(bp.layered(2, 1, 1)), ("input", "output")]
    assert [layer.units for layer in bp.layered(6, 2, 1).layers] == [6, 2, 1]
    assert bp.layered(6, 2, 1).size == 6 * 2 + 2 * 1 + 2 + 1
    assert bp.layered(2, 1, 1, skips=[(0, 2)]).size == 2 + 1 + 2 + 1 + 1


@pytest.mark.parametrize("runs", [1, 3])
def test_matrices_are_views_in_declared_order(runs):
    net = bp.layered(3, 2, 1)
    w = np.arange(runs * net.size, dtype=float).reshape(runs, net.size)
    views = net.matrices(w)
    assert {name: view.shape for name, view in views.items()} == {
        "input->hidden": (runs, 2, 3),
        "hidden->output": (runs, 1, 2),
        "hidden": (runs, 2),
        "output": (runs, 1),
    }
    assert views["input->hidden"][0].tolist() == [[0, 1, 2], [3, 4, 5]]  # W[j, i] is the paper's w_ji
    assert np.concatenate([view.reshape(runs, -1) for view in views.values()], axis=1).tolist() == w.tolist()
    views["hidden"][:] = -1
    assert w[:, 8:10].tolist() == [[-1, -1]] * runs


def test_copies_count_the_uses():
    layers = [bp.Layer(name, 2, bias=bias) for name, bias in [("a", None), ("b", "z"), ("c", "z"), ("d", "own")]]
    links = [bp.Link("a", "b", "W"), bp.Link("b", "c", "W"), bp.Link("c", "d"), bp.Link("a", "d", "W")]
    net = bp.Network(layers, links)
    assert net.copies.tolist() == [3] * 4 + [1] * 4 + [2] * 2 + [1] * 2
    assert list(net.matrices(np.zeros((1, 12)))) == ["W", "c->d", "z", "own"]


def test_initial_weights_are_those_of_the_seed():
    net = bp.layered(6, 2, 1)
    w = net.initial_weights([5, 3, 5])
    for row, seed in zip(w, [5, 3, 5], strict=True):
        assert np.array_equal(row, np.random.default_rng(seed).uniform(-0.3, 0.3, net.size))
    assert w.dtype == np.float64
    assert np.array_equal(net.initial_weights(range(1000))[137], net.initial_weights([137])[0])
    assert not net.initial_weights([0], limit=0).any()


def test_limits_may_differ_by_weight():
    net = bp.layered(2, 2, 1)
    limit = np.zeros((1, net.size))
    net.matrices(limit)["input->hidden"][:] = 0.5
    w = net.initial_weights(range(20), limit)
    assert np.array_equal(w, [np.random.default_rng(seed).uniform(-limit[0], limit[0]) for seed in range(20)])
    assert np.array_equal(w, net.initial_weights(range(20), limit[0]))
    assert not w[:, 4:].any()
    assert 0.45 < np.abs(w[:, :4]).max() < 0.5


def test_limits_may_be_a_lower_and_an_upper_one():
    net = bp.layered(2, 2, 1)
    low, high = np.full(net.size, -0.3), np.full(net.size, 0.3)
    net.matrices(high[None])["hidden"][:] = 0  # biases of the hidden units start negative
    w = net.initial_weights(range(50), (-0.3, high))
    assert np.array_equal(w, [np.random.default_rng(seed).uniform(low, high) for seed in range(50)])
    biases = net.matrices(w)["hidden"]
    assert -0.3 < biases.min() < -0.28 and -0.02 < biases.max() < 0
    assert np.array_equal(net.initial_weights([7], (-0.2, 0.2)), net.initial_weights([7], 0.2))


def test_masked_weights_start_and_stay_at_zero():
    mask = np.array([[True, False], [False, True]])
    layers = [bp.Layer("in", 2), bp.Layer("out", 2)]
    net = bp.Network(layers, [bp.Link("in", "out", mask=mask)])
    w = net.initial_weights(range(3))
    full = bp.Network(layers, [bp.Link("in", "out")]).initial_weights(range(3))
    assert np.array_equal(w, full * [1, 0, 0, 1, 1, 1])  # what is left is what the seed gave
    task = bp.Task({"in": [[0, 0, 1, 1], [0, 1, 0, 1]]}, {"out": [[0, 1, 1, 0], [1, 0, 0, 1]]})
    fit = bp.train(net, w, task, sweeps=20, epsilon=1, alpha=0.9)
    assert not net.matrices(fit.weights)["in->out"][:, ~mask].any()
    assert (fit.weights != w).sum() == 3 * 4


def test_layers_may_share_the_bias_that_another_calls_its_own():
    layers = [bp.Layer("in", 1), bp.Layer("a", 2), bp.Layer("b", 2, bias="a")]
    net = bp.Network(layers, [bp.Link("in", "a"), bp.Link("in", "b")])
    assert net.size == 2 + 2 + 2
    assert net.copies.tolist() == [1, 1, 1, 1, 2, 2]


def test_layers_survive_pickling():
    """A worker may be sent layers and links, and build the same net."""
    net = bp.layered(2, 2, 2)
    again = bp.Network(pickle.loads(pickle.dumps(net.layers)), net.links)
    assert again.size == net.size
    assert list(again.shapes) == list(net.shapes)
