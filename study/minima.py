"""Local minima and plateaus: where gradient descent stays, by width, initial range and activation (p. 535)."""

from dataclasses import replace

import numpy as np

from bp import (
    Activation,
    Network,
    addition,
    encoder,
    layered,
    linear,
    parity,
    rectified,
    softsign,
    squared,
    symmetry,
    tanh,
)

from .interpretations import two_sided
from .optimisers import PROBLEMS, minimise
from .survey import Experiment, platform_bound


def least_curvature(net, w, task, error=squared, h=1e-4):
    """The smallest eigenvalue of the Hessian of E at `w`, `(size,)`, by central differences of ∂E/∂w."""
    steps = h * np.eye(net.size) * (1 if net.mask is None else net.mask)  # what is not connected stays zero
    around = w + np.concatenate([steps, -steps])
    _, slopes = net.gradient(around, task, error)
    hessian = (slopes[: net.size] - slopes[net.size :]) / (2 * h)
    return np.linalg.eigvalsh((hessian + hessian.T) / 2)[0]


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
