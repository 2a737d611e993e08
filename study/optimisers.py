"""Gradient descent and other optimisers: second-order methods, momentum, changes after each case (pp. 535-536)."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from bp import family_network, layered, parity, squared, symmetry

from .family_trees import FAMILIES, OURS, at_random
from .survey import Experiment, platform_bound

METHODS = {  # SciPy's, told to go on until nothing moves
    "L-BFGS": ("L-BFGS-B", {"maxiter": 10**6, "maxfun": 10**6, "ftol": 0, "gtol": 1e-9}),
    "conjugate gradients": ("CG", {"maxiter": 10**6, "gtol": 1e-9}),
    "Newton-CG": ("Newton-CG", {"maxiter": 10**6, "xtol": 1e-12}),
}


class _Done(Exception):
    pass


@dataclass
class Descent:
    """Where SciPy's minimisation of E got: the weights `w`, `(size,)`, with E and ∂E/∂w there, where the task is solved
    if it stopped for that, and with the least E otherwise; how often E and ∂E/∂w were evaluated before; and at which
    evaluation the task was first solved, counted from 0 (-1: never)."""

    w: np.ndarray
    error: float
    gradient: np.ndarray
    evaluations: int
    solved_at: int


def minimise(net, w, task, method="L-BFGS", error=squared, tolerance=0.5, limit=20_000, stop=True):
    """Minimise E of one run from `w`, `(size,)`, by one of the `METHODS`: a `Descent`.

    It ends when it is solved, if it is to `stop` there, after `limit` evaluations, or when SciPy says so.
    """
    evaluate = net.evaluator(task, error)
    found = Descent(np.array(w, float), np.inf, np.zeros(net.size), 0, -1)

    def E_and_slope(x):
        E, dE_dw, furthest = evaluate(x)
        if found.solved_at < 0 and furthest < tolerance:
            found.solved_at = found.evaluations
        done = stop and found.solved_at >= 0
        if done or found.error >= E:
            found.w, found.error, found.gradient = x.copy(), E, dE_dw
        if done or found.evaluations >= limit:
            raise _Done
        found.evaluations += 1
        return E, dE_dw

    name, options = METHODS[method]
    with np.errstate(all="ignore"), suppress(_Done):
        optimize.minimize(E_and_slope, found.w, jac=True, method=name, options=options)
    return found


# ---------------------------------------------------------------- what is tried

PROBLEMS = {  # net, task, error rule, range of the initial weights
    "symmetry": (layered(6, 2, 1), symmetry(), squared, 0.3),
    "XOR": (layered(2, 2, 1), parity(2), squared, 0.3),
    "family trees": (family_network(), at_random(FAMILIES, 4), OURS["error"], OURS["limit"]),
}
STEPS = {  # ε that are tried
    "symmetry": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    "XOR": (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
    "family trees": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
}
HORIZON = {"symmetry": 20_000, "XOR": 20_000, "family trees": 1500}


def momentum_experiment(problem, alpha, epsilon):
    """A problem by plain descent or with momentum, until it is solved or given up.

    On the family trees the first 20 sweeps are smaller, as printed: without them nothing learns.
    """
    net, task, error, limit = PROBLEMS[problem]
    recipe = [{"sweeps": HORIZON[problem], "epsilon": epsilon, "alpha": alpha, "error": error, "stop": True}]
    if problem == "family trees":
        recipe = [{"sweeps": 20, "epsilon": epsilon / 2, "alpha": min(alpha, 0.5), "error": error}, *recipe]
    return Experiment(net, task, recipe, (), limit)


def method_experiment(problem, method):
    """A problem by one of SciPy's methods, from the same initial weights."""
    net, task, error, limit = PROBLEMS[problem]
    measure = {"L-BFGS": by_lbfgs, "conjugate gradients": by_conjugate_gradients, "Newton-CG": by_newton}[method]
    return Experiment(net, task, {"sweeps": 0, "epsilon": 1, "error": error}, [measure], limit)


@platform_bound("SciPy's optimisers")
def by_lbfgs(runs):
    """From the initial weights by L-BFGS: evaluations until solved or done, and where it ends."""
    return _by(runs, "L-BFGS")


@platform_bound("SciPy's optimisers")
def by_conjugate_gradients(runs):
    """From the initial weights by conjugate gradients: evaluations until solved or done, and where it ends."""
    return _by(runs, "conjugate gradients")


@platform_bound("SciPy's optimisers")
def by_newton(runs):
    """From the initial weights by Newton-CG: evaluations until solved or done, and where it ends."""
    return _by(runs, "Newton-CG")


def _by(runs, method):
    error = runs.experiment.recipe[-1]["error"]
    found = []
    for run, w in enumerate(runs.initial):
        task = runs.task.of_runs([run])
        found.append(minimise(runs.net, w, task, method, error, limit=HORIZON["symmetry"]))
    return {
        "evaluations to solution": np.array([one.solved_at for one in found]),
        "evaluations": np.array([one.evaluations for one in found]),
        "E at the end": np.array([one.error for one in found]),
        "largest slope": np.array([np.abs(one.gradient).max() for one in found]),
    }


def update_experiment(problem, update, alpha, epsilon):
    """A problem with an update after each case, or after each sweep."""
    net, task, error, limit = PROBLEMS[problem]
    recipe = {"sweeps": 4000, "epsilon": epsilon, "alpha": alpha, "error": error, "stop": True}
    if update == "each case":
        recipe["order"] = list(range(task.cases))
    return Experiment(net, task, recipe, (), limit)
