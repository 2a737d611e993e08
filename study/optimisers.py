"""Gradient descent and other optimisers: momentum, second-order methods, changes after each case (pp. 535-536)."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import scipy  # its parts at first use: see statistics.py

from bp import ErrorRule, Network, Task, equations, family_network, layered, layout, parity, squared, symmetry
from bp.checks import expect

from .family_trees import FAMILIES, OURS, at_random
from .statistics import Estimate
from .survey import Experiment, platform_bound

# ---------------------------------------------------------------- E as SciPy's optimisers want it

OUTPUT = ErrorRule("output", lambda d: lambda y, out: np.ones_like(y))  # dE/dy = 1, so that ∂E/∂w is ∂y/∂w


def evaluator(net, task, error=squared):
    """A function of the weights of one run, `(size,)`: E, ∂E/∂w, and the largest |y - d|; E is NaN where weights are
    not finite. It is `net.gradient` without what that does at each call: check its arguments, lay out net and task.

    Raises `ValueError` for a task of another net, and for a user's own activation or error rule.
    """
    task = net.fitting(task, 1, error)
    expect(layout.knows(net, error), f"a function of {net!r} or {error!r} is a user's own", "those of bp")
    evaluate, targets = layout.passes(net, task, error), {name: task.desired(name) for name in task.targets}

    def of_one(w):
        y, (E,), (dE_dw,) = evaluate(np.reshape(w, (1, net.size)))
        distances = [np.fmax.reduce(abs(y[name] - d), axis=None) for name, d in targets.items()]
        return float(E), dE_dw, np.inf if np.isnan(E) else float(np.fmax.reduce(distances))

    return of_one


class _Done(Exception):
    pass


@dataclass
class Objective:
    """E of one run, its derivatives, and what they cost.

    An evaluation is one pass of all cases forward and one backward, as in a sweep of gradient descent, so that a pass
    in one direction is half an evaluation. The Jacobian of the residuals takes one backward pass for each output unit;
    the Hessian times a vector is a difference of two gradients, the first of which is known: one evaluation.

    The search ends when `evaluations` get to the `limit`, or at the first point at which every |y - d| is below the
    `tolerance`: `solved_at` is the number of evaluations before it (-1: none was found). `w` is that point, or the one
    with the least E, and `E` its error.
    """

    net: Network
    task: Task
    error: ErrorRule = squared
    tolerance: float = 0.5
    limit: float = 3000

    def __post_init__(self):
        self.evaluate = evaluator(self.net, self.task, self.error)
        self.evaluations, self.solved_at, self.w, self.E = 0, -1, None, np.inf
        self.latest, self.r = (None, None), None
        (self.name,) = self.task.targets
        self.d = self.task.desired(self.name).reshape(-1, self.task.cases)
        self.counts = ~np.isnan(self.d)
        self.slope = self.error.derivative(self.d)
        units, cases = np.nonzero(self.counts)  # each output of each case is a run of its own, with one case
        inputs = {name: np.asarray(y, float).T[cases, :, None] for name, y in self.task.inputs.items()}
        own = np.where(np.arange(len(self.d)) == units[:, None], 0.0, np.nan)
        self.each_output = Task(inputs, {self.name: own[:, :, None]})

    def gradient(self, w):
        """E and ∂E/∂w."""
        E, dE_dw, furthest = self.evaluate(w)
        self.latest = w.copy(), dE_dw
        self._came_to(w, E, furthest)
        self._spend(1)
        return E, dE_dw

    def hessian_times(self, w, p, h=1e-6):
        """The second derivatives times p."""
        if not np.array_equal(w, self.latest[0]):
            self.latest = w.copy(), self.evaluate(w)[1]
        step = h / (np.linalg.norm(p) or 1)
        self._spend(1)
        return (self.evaluate(w + step * p)[1] - self.latest[1]) / step

    def residuals(self, w):
        """dE/dy of all outputs in all cases, y - d for the squared error: E is half the sum of their squares."""
        y = equations.forward(self.net, w[None], self.task.inputs)[self.name][0]
        self.r = self.slope(y, np.empty_like(y))[self.counts]
        self._came_to(w, 0.5 * self.r @ self.r, np.abs(y - self.d)[self.counts].max())
        self._spend(0.5)
        return self.r

    def jacobian(self, w):
        """∂r/∂w, `(residuals, size)`, by a back-propagation for each output."""
        each = np.broadcast_to(w, (self.r.size, w.size))
        y = equations.forward(self.net, each, self.each_output.inputs)
        _, dy_dw = equations.backward(self.net, each, self.each_output, OUTPUT, y)
        self._spend(0.5 * len(self.d))
        return dy_dw * (self.r != 0)[:, None]  # SciPy has just asked for the residuals at w

    def _came_to(self, w, E, furthest):
        solved = furthest < self.tolerance
        if solved or E <= self.E:
            self.w, self.E = w.copy(), E
        if solved:
            self.solved_at = self.evaluations
            raise _Done

    def _spend(self, cost):
        self.evaluations += cost
        if self.evaluations >= self.limit:
            raise _Done


# ---------------------------------------------------------------- SciPy's methods, told to go on until nothing moves


def by_gradient(objective, w, method, hessian=False, **options):
    """SciPy's `minimize`."""
    hessp = objective.hessian_times if hessian else None
    scipy.optimize.minimize(objective.gradient, w, jac=True, hessp=hessp, method=method, options=options)


def by_residuals(objective, w, method):
    """SciPy's `least_squares`."""
    scipy.optimize.least_squares(objective.residuals, w, objective.jacobian, method=method, max_nfev=10**6, **TIGHT)


def by_minpack(objective, w, factor):
    """SciPy's `leastsq`, whose first step is at most `factor` times as long as w. To ask again at a point is free.

    MINPACK wants as many residuals as weights. Where it looks for the longest of the columns that are left, MINPACK in
    SciPy 1.15 to 1.17 counts one number too many: the first of the next column or, behind the last, whatever is in
    memory. Two weights more, each with a residual of its own, make that a zero: the first, by far the longest column,
    is taken first and leaves zeros in its row; the last, by far the shortest, is taken last. Their steps are zero, and
    those of the others are what they would be, but for rounding.
    """
    missing = max(0, w.size - objective.counts.sum())
    r = lru_cache(maxsize=1)(lambda w: objective.residuals(np.frombuffer(w)))
    dr_dw = lru_cache(maxsize=1)(lambda w: objective.jacobian(np.frombuffer(w)))

    def residuals(longer):
        return np.pad(r(longer[1:-1].tobytes()), (1, missing + 1))

    def jacobian(longer):
        J = np.pad(dr_dw(longer[1:-1].tobytes()), [(1, missing + 1), (1, 1)])
        J[0, 0], J[-1, -1] = 1e100, 5e-324
        return J

    scipy.optimize.leastsq(residuals, np.pad(w, 1), Dfun=jacobian, factor=factor, maxfev=10**6, **TIGHT)


MANY, STILL, TIGHT = {"maxiter": 10**6}, {"gtol": 1e-9}, {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}
METHODS = {
    "conjugate gradients": partial(by_gradient, method="CG", **MANY, **STILL),
    "L-BFGS": partial(by_gradient, method="L-BFGS-B", maxfun=10**6, ftol=0, **MANY, **STILL),
    "L-BFGS, 50 pairs": partial(by_gradient, method="L-BFGS-B", maxfun=10**6, ftol=0, maxcor=50, **MANY, **STILL),
    "Newton-CG": partial(by_gradient, method="Newton-CG", hessian=True, xtol=1e-12, **MANY),
    "trust-ncg": partial(by_gradient, method="trust-ncg", hessian=True, **MANY, **STILL),
    "Levenberg-Marquardt": partial(by_minpack, factor=100),
    "Levenberg-Marquardt, small steps": partial(by_minpack, factor=1),
    "Gauss-Newton, trf": partial(by_residuals, method="trf"),
    "Gauss-Newton, dogbox": partial(by_residuals, method="dogbox"),
}


def minimise(net, w, task, method="L-BFGS", **options):
    """Minimise E of one run from `w`, `(size,)`, by one of the `METHODS`: the `Objective` when it ends."""
    objective = Objective(net, task, **options)
    with np.errstate(all="ignore"), suppress(_Done):
        METHODS[method](objective, np.array(w, float))
    return objective


# ---------------------------------------------------------------- what is tried

PROBLEMS = {  # net, task, error rule, range of the initial weights
    "symmetry": (layered(6, 2, 1), symmetry(), squared, 0.3),
    "XOR": (layered(2, 2, 1), parity(2), squared, 0.3),
    "family trees": (family_network(), at_random(FAMILIES, 4), OURS["error"], OURS["limit"]),
}


TASKS = {"symmetry": symmetry, "XOR": parity}
HORIZON = {"symmetry": 5000, "XOR": 5000, "family trees": 10_000}
LIMIT = 1000  # evaluations of E and ∂E/∂w, or sweeps, from one start
ALPHAS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95)
GRID = {"symmetry": (0.2, 12), "XOR": (5.0, 17), "family trees": (0.2, 14)}  # the first ε / (1 - α), and how many
BEST = {  # α: the ε of the grid with the least median of sweeps, the smaller of two that are equal
    "symmetry": {0.0: 0.64, 0.3: 0.512, 0.5: 0.41, 0.7: 0.262, 0.8: 0.168, 0.9: 0.055, 0.95: 0.0144},
    "XOR": {0.0: 7.45, 0.3: 9.31, 0.5: 9.31, 0.7: 9.31, 0.8: 9.31, 0.9: 7.45, 0.95: 4.77},
    "family trees": {0.0: 0.328, 0.3: 0.262, 0.5: 0.168, 0.7: 0.168, 0.8: 0.168, 0.9: 0.134, 0.95: 0.134},
}
STEPS = {  # ε / (1 - α) of descent that is compared with other methods
    "symmetry": (0.4, 0.5, 0.64, 0.8, 1.0, 1.25, 1.6),
    "XOR": (5.0, 6.2, 7.8, 9.8, 12.0, 15.0, 19.0, 24.0, 30.0),
}


def pairs(problem):
    """The α and ε that are tried on a problem: ε grows by factors of 1.25, from a first one that 1 - α scales."""
    first, many = GRID[problem]
    lowest = {alpha: round(np.log(first * (1 - alpha)) / np.log(1.25)) for alpha in ALPHAS}
    return [
        {"problem": problem, "alpha": alpha, "epsilon": float(f"{1.25 ** (start + k):.3g}")}
        for alpha, start in lowest.items()
        for k in range(many)
    ]


def momentum_experiment(problem, alpha, epsilon):
    """A problem by plain descent or with momentum, until it is solved or given up.

    On the family trees the first 20 sweeps are smaller, as printed: without them nothing learns.
    """
    net, task, error, limit = PROBLEMS[problem]
    recipe = [{"sweeps": HORIZON[problem], "epsilon": epsilon, "alpha": alpha, "error": error, "stop": True}]
    if problem == "family trees":
        recipe = [{"sweeps": 20, "epsilon": epsilon / 2, "alpha": min(alpha, 0.5), "error": error}, *recipe]
    return Experiment(net, task, recipe, (), limit)


def descent_experiment(problem, low, limit, alpha, epsilon, budget=LIMIT):
    """A problem with targets of `low` and 1 - `low`, by gradient descent from weights of some range."""
    net = PROBLEMS[problem][0]
    recipe = {"sweeps": budget, "epsilon": epsilon, "alpha": alpha, "tolerance": 0.5 - low, "stop": True}
    return Experiment(net, TASKS[problem](low=low, high=1 - low), recipe, (), limit)


def method_experiment(problem, low, limit, method, budget=LIMIT):
    """The same from the same weights by one of SciPy's methods."""
    net, task, error, _ = PROBLEMS[problem]
    task = TASKS[problem](low=low, high=1 - low) if problem in TASKS else task
    recipe = {"sweeps": 0, "epsilon": 1, "error": error, "tolerance": 0.5 - low}
    return Experiment(net, task, recipe, [partial(by, method=method, budget=budget)], limit)


@platform_bound("SciPy's optimisers")
def by(runs, method, budget):
    """From the initial weights by one of the methods: evaluations until solved (-1: never), until the end, and E."""
    recipe = runs.experiment.recipe[-1]
    options = {"error": recipe["error"], "tolerance": recipe["tolerance"], "limit": budget}
    found = [minimise(runs.net, w, runs.task.of_runs([run]), method, **options) for run, w in enumerate(runs.initial)]
    return {
        "evaluations to solution": np.array([one.solved_at for one in found], float),
        "evaluations": np.array([one.evaluations for one in found], float),
        "E at the end": np.array([one.E for one in found]).round(4),
    }


def update_experiment(problem, update, alpha, epsilon):
    """A problem with an update after each case, or after each sweep."""
    net, task, error, limit = PROBLEMS[problem]
    recipe = {"sweeps": 4000, "epsilon": epsilon, "alpha": alpha, "error": error, "stop": True}
    if update == "each case":
        recipe["order"] = list(range(task.cases))
    return Experiment(net, task, recipe, (), limit)


# ---------------------------------------------------------------- restarts


def spent(solved_at, ended, budget):
    """What each start cost, `(runs,)`, and which of them solved the task, if none is followed beyond the `budget`.

    `solved_at` is -1 for starts that did not; `ended` is when those were given up.
    """
    solved_at, ended = np.asarray(solved_at, float), np.asarray(ended, float)
    solved = (solved_at >= 0) & (solved_at <= budget)
    return np.where(solved, solved_at, np.minimum(ended, budget)), solved


def restarts(solved_at, ended, budget=np.inf):
    """Evaluations per solved net, if a new start follows one that has not solved the task: an `Estimate`.

    All that was spent, over the number of starts that solved the task; the interval is a bootstrap's over the starts.
    """

    def ratio(cost, solved, axis):
        with np.errstate(divide="ignore"):
            return cost.sum(axis=axis) / solved.sum(axis=axis)

    both = spent(solved_at, ended, budget)
    with np.errstate(invalid="ignore"):  # SciPy takes a standard error as well, and infinity has none
        found = scipy.stats.bootstrap(both, ratio, paired=True, n_resamples=2000, method="percentile", rng=0)
    return Estimate(ratio(*both, 0), *found.confidence_interval)


def best_budget(solved_at, ended):
    """The budget of a start with the fewest evaluations per solved net, and how many these are (1, ∞: none solved)."""
    solved_at = np.asarray(solved_at)
    costs = {1: np.inf}
    for budget in np.unique(solved_at[solved_at > 0]).tolist():
        cost, solved = spent(solved_at, ended, budget)
        costs[budget] = cost.sum() / solved.sum()
    budget = min(costs, key=costs.get)
    return budget, costs[budget]


DESCENTS = {"plain descent": 0.0, "descent, α = 0.7": 0.7}
CHOSEN = {  # what was cheapest on the first seeds: the range of the initial weights, the budget of a start, and ε
    ("symmetry", 0.0): {
        "plain descent": (0.3, 808, 0.64),
        "descent, α = 0.7": (0.3, 509, 0.24),
        "conjugate gradients": (1.0, 82.0),
        "L-BFGS": (1.0, 30.0),
        "L-BFGS, 50 pairs": (1.0, 33.0),
        "Newton-CG": (3.0, 250.0),
        "trust-ncg": (1.0, 143.0),
        "Levenberg-Marquardt": (1.0, 20.0),
        "Levenberg-Marquardt, small steps": (3.0, 67.5),
        "Gauss-Newton, trf": (0.3, 26.0),
        "Gauss-Newton, dogbox": (1.0, 17.5),
    },
    ("symmetry", 0.1): {
        "plain descent": (0.3, 758, 1.0),
        "descent, α = 0.7": (0.3, 579, 0.375),
        "conjugate gradients": (3.0, 136.0),
        "L-BFGS": (1.0, 84.0),
        "L-BFGS, 50 pairs": (3.0, 44.0),
        "Newton-CG": (1.0, 158.0),
        "trust-ncg": (3.0, 136.0),
        "Levenberg-Marquardt": (3.0, 19.0),
        "Levenberg-Marquardt, small steps": (3.0, 38.5),
        "Gauss-Newton, trf": (1.0, 17.0),
        "Gauss-Newton, dogbox": (1.0, 30.0),
    },
    ("XOR", 0.0): {
        "plain descent": (3.0, 64, 6.2),
        "descent, α = 0.7": (1.0, 45, 7.2),
        "conjugate gradients": (3.0, 41.0),
        "L-BFGS": (3.0, 19.0),
        "L-BFGS, 50 pairs": (3.0, 24.0),
        "Newton-CG": (3.0, 86.0),
        "trust-ncg": (1.0, 88.0),
        "Levenberg-Marquardt": (3.0, 8.5),
        "Levenberg-Marquardt, small steps": (3.0, 8.0),
        "Gauss-Newton, trf": (0.3, 10.5),
        "Gauss-Newton, dogbox": (0.3, 14.5),
    },
    ("XOR", 0.1): {
        "plain descent": (3.0, 47, 12.0),
        "descent, α = 0.7": (1.0, 51, 7.2),
        "conjugate gradients": (3.0, 33.0),
        "L-BFGS": (3.0, 28.0),
        "L-BFGS, 50 pairs": (3.0, 21.0),
        "Newton-CG": (3.0, 37.0),
        "trust-ncg": (1.0, 91.0),
        "Levenberg-Marquardt": (1.0, 4.5),
        "Levenberg-Marquardt, small steps": (1.0, 11.0),
        "Gauss-Newton, trf": (0.3, 10.0),
        "Gauss-Newton, dogbox": (1.0, 12.0),
    },
}


def chosen_cells(descent):
    """The cells in which what was `CHOSEN` is judged: those of descent, or those of SciPy's methods.

    A start may have half an evaluation more than its budget: what is solved when the budget is spent is then noticed.
    """
    return [
        {"problem": problem, "low": low, "limit": limit}
        | ({"alpha": DESCENTS[way], "epsilon": epsilon[0]} if descent else {"method": way})
        | {"budget": budget if descent else budget + 0.5}
        for (problem, low), ways in CHOSEN.items()
        for way, (limit, budget, *epsilon) in ways.items()
        if (way in DESCENTS) == descent
    ]
