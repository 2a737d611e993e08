"""Local minima and plateaus: where gradient descent stays, by width, skips, ε, initial range, activation (p. 535)."""

from dataclasses import replace

import numpy as np
import scipy

from bp import (
    Activation,
    addition,
    encoder,
    layered,
    linear,
    logistic,
    parity,
    rectified,
    softsign,
    squared,
    symmetry,
    tanh,
    train,
)

from .optimisers import PROBLEMS, evaluator
from .survey import Experiment, platform_bound

# ---------------------------------------------------------------- widths, skips, ε


def hessian(net, w, task, error=squared, h=1e-4):
    """The second derivatives of E at `w`, `(size,)`, by central differences of ∂E/∂w: `(size, size)`."""
    steps = h * np.eye(net.size) * net.mask  # what is not connected stays zero
    around = w + np.concatenate([steps, -steps])
    _, slopes = net.gradient(around, task, error)
    found = (slopes[: net.size] - slopes[net.size :]) / (2 * h)
    return (found + found.T) / 2


def least_curvature(net, w, task, error=squared, h=1e-4):
    """The smallest eigenvalue of the Hessian of E at `w`, `(size,)`."""
    return np.linalg.eigvalsh(hessian(net, w, task, error, h))[0]


TASKS = {  # number of inputs, of outputs, and the cases
    "XOR": (2, 1, parity(2)),
    "addition": (4, 3, addition(2)),
    "encoder of eight": (8, 8, encoder(8)),
    "symmetry": (6, 1, symmetry()),
}
WIDTHS = {  # hidden units, and whether connections skip them; the first is the net with just enough connections
    "symmetry": [(2, False), (2, True), (3, False), (4, False), (4, True), (8, False)],
    "addition": [(2, True), (3, True), (6, True)],
    "XOR": [(2, False), (2, True), (3, False), (8, False)],
    "encoder of eight": [(3, False), (4, False), (6, False)],
}
STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
GENTLE, FURTHER = 0.01, 30_000  # ε, and sweeps, by which runs that have not solved their task are followed


def with_targets(cases, low):
    """The cases with targets of `low` and 1 - `low` instead of 0 and 1."""
    return replace(cases, targets={name: low + (1 - 2 * low) * d for name, d in cases.targets.items()})


def width_experiment(task, hidden, skips, low, epsilon):
    """A task with so many hidden units, with connections that skip them or without, and what became of the rest.

    The smaller ε, the more sweeps: ε times sweeps is 1,000, with 10,000 sweeps at least.
    """
    inputs, outputs, cases = TASKS[task]
    net = layered(inputs, hidden, outputs, skips=[(0, 2)] if skips else ())
    recipe = {"sweeps": max(10_000, round(1000 / epsilon)), "epsilon": epsilon, "alpha": 0.9, "stop": True}
    return Experiment(net, with_targets(cases, low), recipe | {"tolerance": 0.5 - low}, [followed], 0.3)


@platform_bound("SciPy's trust region, and LAPACK")
def followed(runs):
    """What becomes of the runs that have not solved their task: first by small steps, then by Newton's method.

    `solved by` says which of the two solves the task: 1, 2, or 0 if neither does. `E later` is E after the small steps,
    and `answers apart` the largest difference, then, of an output unit's states in two cases. Where Newton's method
    comes to rest, `E at rest` is E, `slope` the largest |∂E/∂w|, `curvature` the smallest eigenvalue of the Hessian,
    and `largest weight` the largest |w|. Other runs have zeros; all to three digits.
    """
    lost = np.flatnonzero((runs.fit.solved_at < 0) & ~runs.fit.diverged)
    names = ("solved by", "E later", "answers apart", "E at rest", "slope", "curvature", "largest weight")
    found = {name: np.zeros(len(runs.seeds)) for name in names}
    if not len(lost):
        return found
    how = {"tolerance": runs.experiment.recipe[-1]["tolerance"], "record": 0, "progress": False}
    later = train(runs.net, runs.fit.weights[lost], runs.task, FURTHER, GENTLE, 0.9, stop=True, **how)
    ends = [
        at_rest(runs.net, w, runs.task, how["tolerance"]) if solved_at < 0 else w
        for w, solved_at in zip(later.weights, later.solved_at, strict=True)
    ]
    rest = train(runs.net, np.array(ends), runs.task, 0, GENTLE, **how)
    by = np.where(later.solved_at >= 0, 1, np.where(rest.solved_at >= 0, 2, 0))
    slopes = np.abs(runs.net.gradient(rest.weights, runs.task)[1]).max(axis=1)
    curvatures = [least_curvature(runs.net, w, runs.task) for w in rest.weights]
    sizes = np.abs(rest.weights).max(axis=1)
    E_later, _ = runs.net.gradient(later.weights, runs.task)
    apart = np.ptp(runs.net.forward(later.weights, runs.task)["output"], axis=2).max(axis=1)
    for name, values in zip(names, (by, E_later, apart, rest.error[-1], slopes, curvatures, sizes), strict=True):
        found[name][lost] = [float(f"{value:.3g}") for value in values]
    return found


def at_rest(net, w, task, tolerance, steps=120):
    """Where Newton's method in a trust region leads from `w`, `(size,)`: until the task is solved, until all slopes are
    below 1e-10, or for so many steps.

    It uses the whole Hessian, so it leaves saddle points, and crosses plateaus. No step is longer than 1.
    """
    evaluate = evaluator(net, task)

    def stop(intermediate_result):
        if evaluate(intermediate_result.x)[2] < tolerance:
            raise StopIteration

    found = scipy.optimize.minimize(
        lambda x: evaluate(x)[:2],
        w,
        jac=True,
        hess=lambda x: hessian(net, x, task),
        method="trust-exact",
        callback=stop,
        options={"gtol": 1e-10, "maxiter": steps, "initial_trust_radius": 0.1, "max_trust_radius": 1.0},
    )
    return found.x


# ---------------------------------------------------------------- input-output functions


def _ramp(x):
    return np.clip(0.5 + x / 4, 0, 1)


ACTIVATIONS = {
    "logistic": logistic,
    "tanh": tanh,
    "softsign": softsign,
    "arctangent": Activation(np.arctan, lambda y: np.cos(y) ** 2, "arctangent"),
    "ramp": Activation(_ramp, lambda y: np.where((y > 0) & (y < 1), 0.25, 0.0), "ramp"),
    "softplus": Activation(lambda x: np.logaddexp(0, x), lambda y: 1 - np.exp(-y), "softplus"),
    "rectified": rectified,
    "linear": linear,
}
RATES = {  # ε that are tried for each of them
    "symmetry": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    "XOR": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
}


def activation_experiment(problem, function, hidden, alpha, epsilon):
    """A problem with hidden units of another function; the output unit is logistic."""
    inputs, outputs, cases = TASKS[problem]
    net = layered(inputs, hidden, outputs, activation=[ACTIVATIONS[function], logistic])
    recipe = {"sweeps": 5000, "epsilon": epsilon, "alpha": alpha, "stop": True}
    return Experiment(net, cases, recipe)


RISE_AND_FALL = {  # f and df/dx: from y alone one cannot tell the slope
    "sine": (np.sin, np.cos),
    "Gaussian": (lambda x: np.exp(-(x**2)), lambda x: -2 * x * np.exp(-(x**2))),
}


def gradient_by_x(w, task, hidden, f, slope):
    """E, `(runs,)`, and ∂E/∂w, `(runs, size)`, of `layered(inputs, hidden, 1)` with hidden units f(x) of slope df/dx.

    Equations (1)-(7) with the slope as a function of the total input x, where (5) has one of the output y.
    """
    inputs, d = task.inputs["input"], task.targets["output"]
    net = layered(len(inputs), hidden, 1)
    W, dE_dw = net.matrices(w), np.empty_like(w)
    x = W["input->hidden"] @ inputs + W["hidden"][:, :, None]  # (1)
    h = f(x)  # (2)
    y = logistic.function(W["hidden->output"] @ h + W["output"][:, :, None])
    at_output = (y - d) * y * (1 - y)  # (4), (5)
    at_hidden = W["hidden->output"].swapaxes(1, 2) * at_output * slope(x)  # (7), (5)
    dE_dW = net.matrices(dE_dw)
    dE_dW["hidden->output"][:] = at_output @ h.swapaxes(1, 2)  # (6)
    dE_dW["input->hidden"][:] = at_hidden @ inputs.T
    dE_dW["output"][:], dE_dW["hidden"][:] = at_output.sum(axis=2), at_hidden.sum(axis=2)
    return ((y - d) ** 2).sum(axis=(1, 2)) / 2, dE_dw


# ---------------------------------------------------------------- initial weights


def range_experiment(problem, limit):
    """A problem by the procedure of Fig. 1 from smaller or larger initial weights."""
    net, task, error, _ = PROBLEMS[problem]
    epsilon = {"symmetry": 0.1, "XOR": 0.5}[problem]
    recipe = {"sweeps": 20_000, "epsilon": epsilon, "alpha": 0.9, "error": error, "stop": True}
    return Experiment(net, task, recipe, (), limit)
