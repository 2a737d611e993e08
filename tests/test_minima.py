"""Stuck or slow: nets whose answer is known, by hand and by autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pandas as pd
import pytest

import bp
from study import minima, outcomes

SYMMETRY = minima.TASKS["symmetry"][2]


def off(weights):
    """Symmetry nets on the plateau at E = 4: the output is off whatever the input, and the way back is flat."""
    net = bp.layered(6, 8, 1)
    net.matrices(weights)["output"][:] = -12
    return net, weights


def test_newton_ends_at_the_minimum_of_a_linear_regression():
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(3, 20)), rng.normal(size=(1, 20))
    net = bp.Network([bp.Layer("in", 3), bp.Layer("out", 1, bp.linear)], [bp.Link("in", "out")])
    solution = np.linalg.lstsq(np.vstack([x, np.ones(20)]).T, d[0])[0]
    assert minima.at_rest(net, np.zeros(4), bp.Task({"in": x}, {"out": d}), 1e-9) == pytest.approx(solution, abs=1e-6)


def test_newton_leaves_a_plateau():
    net, w = off(bp.layered(6, 8, 1).initial_weights([0]))
    E, slope = net.gradient(w, SYMMETRY)
    assert E[0] == pytest.approx(4, abs=1e-3) and np.abs(slope).max() < 1e-4
    end = minima.at_rest(net, w[0], SYMMETRY, 0.5)
    assert ((net.forward(end[None], SYMMETRY.inputs)["output"][0] > 0.5) == SYMMETRY.targets["output"]).all()


def test_newton_leaves_a_saddle_point():
    """With equal hidden units XOR is no more than a weighted sum of the inputs, and E stays at 4 (1/2)² / 2."""
    net, task = bp.layered(2, 2, 1), bp.xor()
    start = net.initial_weights([0], 1e-3)[0]
    assert net.gradient(start[None], task)[0][0] == pytest.approx(0.5, abs=1e-4)
    assert minima.least_curvature(net, start, task) < 0
    assert net.gradient(minima.at_rest(net, start, task, 0.5)[None], task)[0][0] < 0.4


def test_a_run_at_rest_in_a_poor_minimum_is_told_from_those_that_solve_the_task():
    """Seed 6 of symmetry with ε = 0.01 is stuck at E = 2.86, which descent with a tenth of ε does not leave either."""
    experiment = minima.width_experiment("symmetry", 2, False, 0.0, 0.01)
    runs = experiment.run([5, 6])
    found = minima.followed(runs)
    assert runs.fit.solved_at[0] >= 0 > runs.fit.solved_at[1]
    assert not any(values[0] for values in found.values())
    later = bp.train(runs.net, runs.fit[[1]], SYMMETRY, 20_000, 0.001, 0.9, record=0)
    assert later.solved_at[0] < 0 and found["E at rest"][1] == pytest.approx(later.error[-1, 0], rel=0.05)
    outcome = {"solved_at": runs.fit.solved_at, "diverged": runs.fit.diverged}
    table = pd.DataFrame({"task": "symmetry", "low": 0.0} | outcome | found)
    assert outcomes.outcome(table).tolist() == ["solved", "stuck"]


def test_outcomes_by_hand():
    columns = ["solved_at", "diverged", "solved by", "answers apart", "E later", "E at rest", "slope", "curvature"]
    rows = {
        "solved": [7, False, 0, 0, 0, 0, 0, 0],
        "slow": [-1, False, 1, 1, 0.2, 0.2, 0.1, -1],
        "plateau": [-1, False, 2, 0, 4.0, 0.3, 0.1, -1],
        "saturated": [-1, False, 0, 0.05, 3.5, 3.4, 1e-12, 0],
        "stuck": [-1, False, 0, 0.95, 3.5, 3.4, 1e-5, -1e-9],  # seven patterns wrong by ½ each: the same E
        "unclear": [-1, False, 0, 0.95, 1.0, 0.94, 1e-5, 1e-9],
    }
    table = pd.DataFrame(rows.values(), columns=columns)
    assert outcomes.outcome(table).tolist() == list(outcomes.OUTCOMES) == list(rows)
    for change in ({"slope": 1e-3}, {"curvature": -1e-3}, {"diverged": True}):
        assert outcomes.outcome(table.iloc[[4]].assign(**change)).tolist() == ["unclear"]


def test_small_steps_have_time():
    for epsilon, sweeps in ((0.005, 200_000), (0.05, 20_000), (0.5, 10_000)):
        assert minima.width_experiment("XOR", 2, True, 0.0, epsilon).recipe[0]["sweeps"] == sweeps


def test_nets_and_targets_are_as_declared():
    skipping = minima.width_experiment("symmetry", 4, True, 0.1, 0.5)
    assert "input->output" in skipping.net.shapes and skipping.net.size == 6 * 4 + 4 + 4 + 1 + 6
    assert np.unique(skipping.task.targets["output"]).tolist() == [0.1, 0.9]
    assert skipping.recipe[0]["tolerance"] == 0.4
    tanh = minima.activation_experiment("symmetry", "tanh", 8, 0.9, 0.1).net
    assert [repr(layer.activation) for layer in tanh.layers] == ["logistic", "tanh", "logistic"]


def test_hidden_units_have_slopes_that_are_derivatives():
    x = np.linspace(-3, 3, 61) + 0.013
    for name, f in minima.ACTIVATIONS.items():
        slope = (f.function(x + 1e-6) - f.function(x - 1e-6)) / 2e-6
        assert f.slope(f.function(x)) == pytest.approx(slope, abs=1e-6), name


@pytest.mark.parametrize("name", ["sine", "Gaussian"])
def test_functions_that_rise_and_fall_have_the_true_gradient(name):
    f, slope = minima.RISE_AND_FALL[name]
    w, task = bp.layered(2, 3, 1).initial_weights([1], 1.0), bp.xor()
    E, dE_dw = minima.gradient_by_x(w, task, 3, f, slope)
    same = {"sine": anp.sin, "Gaussian": lambda x: anp.exp(-(x**2))}[name]

    def error(w):
        y = same(anp.dot(w[:6].reshape(3, 2), task.inputs["input"]) + w[9:12, None])
        out = 1 / (1 + anp.exp(-(anp.dot(w[6:9], y) + w[12])))
        return anp.sum((out - task.targets["output"][0]) ** 2) / 2

    assert E[0] == pytest.approx(error(w[0])) and dE_dw[0] == pytest.approx(autograd.grad(error)(w[0]))
