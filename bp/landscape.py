"""Where descent leads and where it stays: other ways down, local minima and plateaus, and the letter's other claims."""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from .experiments import FAMILIES, OURS, at_random
from .families import family_network
from .network import Network, layered
from .recipe import two_sided
from .survey import Experiment, platform_bound
from .tasks import addition, encoder, parity, symmetry
from .units import Activation, linear, rectified, softsign, squared, tanh

# ---------------------------------------------------------------- other ways down

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


def least_curvature(net, w, task, error=squared, h=1e-4):
    """The smallest eigenvalue of the Hessian of E at `w`, `(size,)`, by central differences of ∂E/∂w."""
    around = w + h * np.concatenate([np.eye(net.size), -np.eye(net.size)])
    _, slopes = net.gradient(around, task, error)
    hessian = (slopes[: net.size] - slopes[net.size :]) / (2 * h)
    return np.linalg.eigvalsh((hessian + hessian.T) / 2)[0]


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


ACTIVATIONS = {
    "logistic": None,
    "2 logistic - 1": two_sided,
    "tanh": tanh,
    "softsign": softsign,
    "arctangent": Activation(np.arctan, lambda y: np.cos(y) ** 2, "arctangent"),
    "softplus": Activation(lambda x: np.logaddexp(0, x), lambda y: 1 - np.exp(-y), "softplus"),
    "rectified": rectified,
    "linear": linear,
}


def activation_experiment(problem, hidden, epsilon):
    """A problem with other hidden units."""
    net, task, error, limit = PROBLEMS[problem]
    layers = [
        replace(one, activation=ACTIVATIONS[hidden] or one.activation) if one.name == "hidden" else one
        for one in net.layers
    ]
    recipe = {"sweeps": 10_000, "epsilon": epsilon, "alpha": 0.9, "error": error, "stop": True}
    return Experiment(Network(layers, net.links), task, recipe, (), limit)


def range_experiment(problem, limit):
    """A problem by the recipe of Fig. 1 from smaller or larger initial weights."""
    net, task, error, _ = PROBLEMS[problem]
    epsilon = {"symmetry": 0.1, "XOR": 0.5}[problem]
    recipe = {"sweeps": 20_000, "epsilon": epsilon, "alpha": 0.9, "error": error, "stop": True}
    return Experiment(net, task, recipe, (), limit)


TASKS = {  # number of inputs, of outputs, and the cases
    "XOR": (2, 1, parity(2)),
    "parity of four": (4, 1, parity(4)),
    "addition": (4, 3, addition(2)),
    "encoder of eight": (8, 8, encoder(8)),
    "symmetry": (6, 1, symmetry()),
}


WIDTHS = [  # task, hidden units, and whether connections skip them
    *(("XOR", hidden, False) for hidden in (2, 3, 4, 8)),
    ("XOR", 1, True),
    *(("parity of four", hidden, False) for hidden in (4, 5, 8)),
    *(("addition", hidden, True) for hidden in (2, 3)),
    *(("addition", hidden, False) for hidden in (3, 4, 6)),
    *(("encoder of eight", hidden, False) for hidden in (3, 4)),
    ("symmetry", 2, True),
]


def width_experiment(task, hidden, skips, epsilon):
    """A task with so many hidden units, with connections that skip them or without, and what became of the rest."""
    inputs, outputs, cases = TASKS[task]
    net = layered(inputs, hidden, outputs, skips=[(0, 2)] if skips else ())
    recipe = {"sweeps": 20_000, "epsilon": epsilon, "alpha": 0.9, "stop": True}
    return Experiment(net, cases, recipe, [followed], 0.3)


@platform_bound("SciPy's optimisers, and LAPACK")
def followed(runs):
    """Of runs that are given up: where L-BFGS leads from there. Is it a minimum, and how poor?

    E and the largest slope there, the smallest curvature, the largest weight, and whether that solves the task. Of runs
    that need not be followed: zeros, and yes.
    """
    lost = (runs.fit.solved_at < 0) & ~runs.fit.diverged
    names = ("E followed", "slope followed", "curvature followed", "largest weight followed")
    found = {name: np.zeros(len(lost)) for name in names} | {"solved followed": (runs.fit.solved_at >= 0).astype(int)}
    for row in np.flatnonzero(lost):
        end = minimise(runs.net, runs.fit.weights[row], runs.task, limit=5000)
        curvature = least_curvature(runs.net, end.w, runs.task)
        values = (end.error, np.abs(end.gradient).max(), curvature, np.abs(end.w).max(), end.solved_at >= 0)
        for name, value in zip(found, values, strict=True):
            found[name][row] = value
    return found
