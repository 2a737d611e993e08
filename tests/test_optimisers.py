"""Other optimisers on problems with known answers; derivatives against autograd; what restarts cost, by hand."""

import os
import subprocess
import sys

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import bp
import study
from study import optimisers
from study.minima import least_curvature
from study.optimisers import METHODS, Objective, best_budget, evaluator, minimise, restarts

NET, TASK = bp.layered(2, 2, 1), bp.parity()


def regression():
    """A net without hidden units whose output is a straight line: E is that of a linear regression."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(3, 20)), rng.normal(size=(1, 20))
    net = bp.Network([bp.Layer("in", 3), bp.Layer("out", 1, bp.linear)], [bp.Link("in", "out")])
    design = np.vstack([x, np.ones(20)])
    return net, bp.Task({"in": x}, {"out": d}), np.linalg.lstsq(design.T, d[0])[0], design


def logistic(x):
    return 1 / (1 + anp.exp(-x))


def outputs(w):
    """The net of XOR by hand: `(1, 4)`."""
    W, V, b, c = w[:4].reshape(2, 2), w[4:6].reshape(1, 2), w[6:8, None], w[8]
    return logistic(anp.dot(V, logistic(anp.dot(W, TASK.inputs["input"]) + b)) + c)


def E(w):
    return anp.sum((outputs(w) - TASK.targets["output"]) ** 2) / 2


def test_weights_that_are_not_finite_have_no_gradient():
    """Not zero, which an optimiser would take for a minimum."""
    net, task = bp.layered(2, 2, 1), bp.parity(2)
    E, dE_dw, furthest = evaluator(net, task)(np.full(net.size, np.inf))
    assert np.isnan(E) and np.isnan(dE_dw).all() and furthest == np.inf
    w = net.initial_weights([0])
    E, dE_dw, furthest = evaluator(net, task)(w[0])
    assert np.array_equal(net.gradient(w, task)[1][0], dE_dw)
    assert furthest == np.abs(net.forward(w, task.inputs)["output"] - task.targets["output"]).max()


def test_an_evaluator_takes_a_task_of_the_net_and_functions_of_bp():
    """The kernel would read beyond the states of another task, and has no functions of a user's own."""
    own = bp.Activation(np.sin, lambda y: np.sqrt(1 - y**2) * np.where(abs(y) < 1, np.nan, 1), "own")
    with pytest.raises(ValueError, match=r"\('input'\)|layer 'input'"):
        evaluator(bp.layered(60, 2, 1), bp.parity(2))
    with pytest.raises(ValueError, match="is a user's own; expected those of bp"):
        evaluator(bp.layered(2, 2, 1, activation=own), bp.parity(2))
    with pytest.raises(ValueError, match="reshape"):
        evaluator(NET, TASK)(np.zeros(5))


def test_the_furthest_of_several_layers_without_what_is_missing_or_held_out():
    net, X = bp.layered(2, 2, 1), bp.parity(2).inputs
    hidden, missing = np.array([[0, np.nan, 1, 9], [0, 0, 0, 9]]), np.full((1, 4), np.nan)
    w = net.initial_weights([0])
    y = net.forward(w, X)["hidden"][0]
    for targets in ({"hidden": hidden, "output": missing}, {"output": missing, "hidden": hidden}):
        task = bp.Task(X, targets).hold_out([3])
        assert evaluator(net, task)(w[0])[2] == np.nanmax(np.abs(y - hidden)[:, :3])


WAYS = """
import hashlib
from study.optimisers import METHODS, PROBLEMS, minimise
for problem, limit, seeds in (("symmetry", 0.3, [17]), ("XOR", 3.0, [14, 15])):
    net, task, error, _ = PROBLEMS[problem]
    for method in METHODS:
        found = [minimise(net, w, task, method, limit=1000) for w in net.initial_weights(seeds, limit)]
        print(method, [(one.evaluations, hashlib.sha256(one.w.tobytes()).hexdigest()) for one in found])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone fills what it hands out with a value of one's choice")
def test_no_method_reads_memory_that_nobody_has_set():
    """SciPy 1.17's `trust-krylov` does, and its MINPACK by itself, from these seeds."""

    def ways(filled_with):
        environment = os.environ | {"MALLOC_PERTURB_": filled_with}
        return subprocess.run([sys.executable, "-c", WAYS], env=environment, check=True, capture_output=True).stdout

    assert ways("1") == ways("255") != b""


@pytest.mark.parametrize("method", METHODS)
def test_a_linear_regression_is_solved(method):
    net, task, solution, _ = regression()
    found = minimise(net, np.zeros(4), task, method, tolerance=1e-3)
    assert found.w == pytest.approx(solution, abs=1e-6)
    assert found.solved_at == -1 and found.evaluations > 1
    assert pytest.approx(net.gradient(found.w[None], task)[0][0]) == found.E


def test_a_straight_line_takes_gauss_and_newton_one_step():
    """The model is exact: E and slopes at the start, and the solution."""
    net, task, solution, _ = regression()
    found = Objective(net, task)
    w = np.zeros(4)
    r = found.residuals(w)
    step = np.linalg.lstsq(found.jacobian(w), -r)[0]
    assert step == pytest.approx(solution) and found.evaluations == 1  # one pass forward, one back


def test_curvature_of_a_linear_regression():
    net, task, solution, design = regression()
    expected = np.linalg.eigvalsh(design @ design.T)[0]
    assert least_curvature(net, solution, task) == pytest.approx(expected, rel=1e-6)


def test_curvature_against_autograd():
    w = NET.initial_weights([3], 2.0)[0]
    assert E(w) == pytest.approx(NET.gradient(w[None], TASK)[0][0])
    expected = np.linalg.eigvalsh(autograd.hessian(E)(w))[0]
    assert expected < 0 and least_curvature(NET, w, TASK) == pytest.approx(expected, abs=1e-6)


def test_derivatives_against_autograd():
    w, p = NET.initial_weights([3, 4], 2.0)
    objective = Objective(NET, TASK)
    error, slope = objective.gradient(w)
    assert (error, slope) == (pytest.approx(E(w)), pytest.approx(autograd.grad(E)(w)))
    assert objective.hessian_times(w, p) == pytest.approx(autograd.hessian(E)(w) @ p, abs=1e-6)
    assert objective.residuals(w) == pytest.approx((outputs(w) - TASK.targets["output"])[0])
    assert objective.jacobian(w) == pytest.approx(autograd.jacobian(lambda w: outputs(w)[0])(w))
    assert objective.evaluations == 1 + 1 + 0.5 + 0.5


@pytest.mark.parametrize("error", [bp.squared, bp.hinge(0.2)])
def test_jacobian_of_several_outputs_with_some_held_out(error):
    net, task = bp.layered(4, 3, 3), bp.addition().hold_out([2, 7])
    objective, w = Objective(net, task, error), net.initial_weights([0], 4.0)[0]
    r = objective.residuals(w)
    assert r.size == 3 * 14 and (error is bp.squared or 0 < np.count_nonzero(r) < r.size)
    value, slope = net.gradient(w[None], task, error)
    assert (0.5 * r @ r, objective.jacobian(w).T @ r) == (pytest.approx(value[0]), pytest.approx(slope[0]))
    assert objective.evaluations == 0.5 + 3 * 0.5
    h = 1e-6 * np.eye(net.size)
    differences = [(objective.residuals(w + one) - objective.residuals(w - one)) / 2e-6 for one in h]
    objective.residuals(w)
    assert objective.jacobian(w) == pytest.approx(np.transpose(differences), abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_it_ends_where_the_task_is_solved(method):
    solved = 0
    for w in NET.initial_weights(range(10)):
        found = minimise(NET, w, TASK, method, limit=1000)
        y = NET.forward(found.w[None], TASK.inputs)["output"][0]
        good = ((y > 0.5) == (TASK.targets["output"] == 1)).all()
        assert good == (found.solved_at >= 0)
        assert found.evaluations == found.solved_at or not good
        assert found.evaluations <= 1000.5
        solved += good
    assert solved >= 2


def test_weights_are_left_as_they_are_and_the_limit_is_kept():
    w = NET.initial_weights([0])[0]
    before = w.copy()
    assert minimise(NET, w, TASK, limit=5).evaluations == 5 and np.array_equal(w, before)


def test_what_restarts_cost():
    solved_at, ended = [3, -1, 7, -1], [3, 10, 7, 2]
    assert restarts(solved_at, ended).value == (3 + 10 + 7 + 2) / 2
    assert restarts(solved_at, ended, 5).value == (3 + 5 + 5 + 2) / 1
    assert restarts([-1, -1], [4, 4]).value == np.inf
    assert best_budget(solved_at, ended) == (7, (3 + 7 + 7 + 2) / 2)
    assert best_budget([-1, -1], [4, 4])[1] == np.inf
    found = restarts(np.repeat(solved_at, 100), np.repeat(ended, 100))
    assert found.low < found.value == 11 < found.high


def test_problems_are_as_declared():
    experiment = optimisers.update_experiment("XOR", "each case", 0.9, 0.5)
    assert experiment.recipe[0]["order"] == [0, 1, 2, 3]
    assert "order" not in optimisers.update_experiment("XOR", "each sweep", 0.9, 0.5).recipe[0]
    assert study.SURVEYS["momentum_families"].at({"problem": "family trees", "alpha": 0.5, "epsilon": 0.1}).limit == 1.0
    for problem in optimisers.PROBLEMS:
        pairs = optimisers.pairs(problem)
        for alpha in optimisers.ALPHAS:
            epsilons = [pair["epsilon"] for pair in pairs if pair["alpha"] == alpha]
            assert np.diff(np.log(epsilons)) == pytest.approx(np.log(1.25), abs=0.01)
            assert optimisers.BEST[problem][alpha] in epsilons[1:-1]
