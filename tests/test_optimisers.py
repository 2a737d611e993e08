"""Other ways down, and what is at the bottom, against problems whose answers are known."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import bp
import study
from study import optimisers
from study.minima import least_curvature
from study.optimisers import METHODS, minimise

NET, TASK = bp.layered(2, 2, 1), bp.parity()


def regression():
    """A net without hidden units whose output is a straight line: E is that of a linear regression."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(3, 20)), rng.normal(size=(1, 20))
    net = bp.Network([bp.Layer("in", 3), bp.Layer("out", 1, bp.linear)], [bp.Link("in", "out")])
    design = np.vstack([x, np.ones(20)])
    return net, bp.Task({"in": x}, {"out": d}), np.linalg.lstsq(design.T, d[0])[0], design


@pytest.mark.parametrize("method", METHODS)
def test_a_linear_regression_is_solved(method):
    net, task, solution, _ = regression()
    found = minimise(net, np.zeros(4), task, method, tolerance=1e-3)
    assert found.w == pytest.approx(solution, abs=1e-6)
    assert found.solved_at == -1 and found.evaluations > 1
    E, dE_dw = net.gradient(found.w[None], task)
    assert (found.error, found.gradient) == (pytest.approx(E[0]), pytest.approx(dE_dw[0]))


def test_curvature_of_a_linear_regression():
    net, task, solution, design = regression()
    expected = np.linalg.eigvalsh(design @ design.T)[0]
    assert least_curvature(net, solution, task) == pytest.approx(expected, rel=1e-6)


def test_curvature_against_autograd():
    w = NET.initial_weights([3], 2.0)[0]

    def E(w):
        W, V, b, c = w[:4].reshape(2, 2), w[4:6].reshape(1, 2), w[6:8, None], w[8]
        f = lambda x: 1 / (1 + anp.exp(-x))  # noqa: E731
        y = f(anp.dot(V, f(anp.dot(W, TASK.inputs["input"]) + b)) + c)
        return anp.sum((y - TASK.targets["output"]) ** 2) / 2

    assert E(w) == pytest.approx(NET.gradient(w[None], TASK)[0][0])
    expected = np.linalg.eigvalsh(autograd.hessian(E)(w))[0]
    assert expected < 0 and least_curvature(NET, w, TASK) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_it_ends_where_the_task_is_solved(method):
    solved = 0
    for w in NET.initial_weights(range(10)):
        found = minimise(NET, w, TASK, method, limit=3000)
        y = NET.forward(found.w[None], TASK.inputs)["output"][0]
        good = ((y > 0.5) == (TASK.targets["output"] == 1)).all()
        assert good == (found.solved_at >= 0)
        assert found.evaluations == found.solved_at or not good
        assert found.evaluations <= 3000
        solved += good
    assert solved >= 5


def test_weights_are_left_as_they_are_and_the_limit_is_kept():
    w = NET.initial_weights([0])[0]
    before = w.copy()
    assert minimise(NET, w, TASK, limit=5).evaluations == 5 and np.array_equal(w, before)


def test_problems_are_as_declared():
    experiment = optimisers.update_experiment("XOR", "each case", 0.9, 0.5)
    assert experiment.recipe[0]["order"] == [0, 1, 2, 3]
    assert "order" not in optimisers.update_experiment("XOR", "each sweep", 0.9, 0.5).recipe[0]
    assert study.SURVEYS["momentum_families"].at({"problem": "family trees", "alpha": 0.5, "epsilon": 0.1}).limit == 1.0
