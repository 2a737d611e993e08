"""The descent in weight space: equations (8) and (9), decay, stopping."""

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from itertools import pairwise
from zipfile import BadZipFile

import numpy as np
from joblib import effective_n_jobs
from tqdm import tqdm

from . import checks, equations, kernel, layout
from .files import write_whole
from .kernel import Schedule
from .network import Network, Task
from .units import squared


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the runs of a training are, and how they came there. `fit[rows]` is the fit of some of the runs.

    Whatever takes weights takes a fit in their place.

    - `weights`, `velocity`: the points in weight space and their last change Δw, `(runs, size)`;
    - `sweeps`: how many sweeps were asked for, over all calls; with `stop`, a solved run took `solved_at` of them;
    - `error`: E of each run, `(recordings, runs)`, in this call, after `recorded_at` sweeps over all calls; NaN once a
      run has retired: `net.gradient(fit, task)[0]` is E of all runs as they are;
    - `solved_at`: the first sweep count, over all calls, at which every |y - d| was below the tolerance, `(runs,)`, or
      `(tolerances, runs)` if there are several; -1: never;
    - `snapshots`: the weights at the sweep counts asked for, `(snapshots, runs, size)`;
    - `tolerance`: that of `solved_at`; None before the first call.
    """

    weights: np.ndarray
    velocity: np.ndarray
    sweeps: int
    recorded_at: np.ndarray
    error: np.ndarray
    solved_at: np.ndarray
    snapshots: np.ndarray
    tolerance: np.ndarray | None = None

    def __post_init__(self):
        shape, solved = np.shape(self.weights), np.shape(self.solved_at)
        each = solved[:-1] if self.tolerance is None else np.shape(self.tolerance)
        for name in ("weights", "velocity"):
            part = np.asarray(getattr(self, name))
            fits = part.dtype == np.float64 and part.ndim == 2 and part.shape == shape and solved == (*each, shape[0])
            wrong = f"a fit's {name} are {part.dtype} {part.shape}, and solved_at {solved}"
            checks.expect(fits, wrong, "weights and velocity float64 (runs, size), solved_at (..., runs)")

    def __repr__(self):
        solved = np.count_nonzero(np.atleast_2d(self.solved_at)[-1] >= 0)
        E = self.error[-1:][np.isfinite(self.error[-1:])]  # not of runs that have retired
        now = f", E from {E.min():.3g} to {E.max():.3g}" if E.size else ""
        lost = f", {self.diverged.sum()} diverged" if self.diverged.any() else ""
        return f"Fit of {len(self)} runs after {self.sweeps} sweeps: {solved} solved{lost}{now}"

    @property
    def diverged(self):
        """Runs whose weights are no longer finite, `(runs,)`."""
        return ~np.isfinite(self.weights).all(axis=1)

    def __len__(self):
        return len(self.weights)

    def __getitem__(self, rows):
        rows = np.arange(len(self))[rows].reshape(-1)
        axes = {"weights": 0, "velocity": 0, "error": 1, "solved_at": -1, "snapshots": 1}  # that of the runs in each
        return replace(self, **{name: getattr(self, name).take(rows, axis) for name, axis in axes.items()})

    def then(self, later):
        """`later`, a fit that went on from this one, with the recordings and snapshots of both.

        Raises `ValueError` unless its recordings begin where those of this one end, with as many runs; or it has one.
        """
        first = later.recorded_at[:1] if isinstance(later, Fit) and len(later) == len(self) else np.arange(0)
        follows = (first == self.sweeps).any() or ((first > self.sweeps).any() and later.recorded_at.size == 1)
        checks.expect(follows, f"{checks.short(later)} does not go on from {self!r}", "what bp.train made of it")
        new = ~np.isin(later.recorded_at, self.recorded_at)  # each call records E before its first sweep
        return replace(
            later,
            recorded_at=np.concatenate([self.recorded_at, later.recorded_at[new]]),
            error=np.concatenate([self.error, later.error[new]]),
            snapshots=np.concatenate([self.snapshots, later.snapshots]),
        )

    def save(self, path):
        """Write the fit to a file, at once or not at all, for `Fit.load`. The net and the task are not in it."""

        def write(part):
            with part.open("wb") as file:  # to a name NumPy would add .npz
                np.savez(file, **{name: value for name, value in vars(self).items() if value is not None})

        write_whole(path, write)

    @staticmethod
    def load(path):
        """The fit that was saved in a file. Raises `ValueError` for other files."""
        try:
            with np.load(path) as found:
                return Fit(**{**found, "sweeps": int(found["sweeps"])})
        except (AttributeError, EOFError, KeyError, TypeError, ValueError, BadZipFile):
            checks.fail(f"{path} has no fit", "a file that Fit.save has written")

    @staticmethod
    def of(w, velocity=None):
        """Weights `w`, at rest or with a velocity, that have solved nothing yet: where training for a task begins."""
        w = np.array(getattr(w, "weights", w), float, ndmin=2)
        velocity = np.zeros_like(w) if velocity is None else velocity
        return Fit(w, velocity, 0, np.arange(0), np.empty((0, len(w))), np.full(len(w), -1), np.empty((0, *w.shape)))


@checks.called_otherwise(
    **dict.fromkeys(("epochs", "n_epochs", "max_iter", "iterations"), "sweeps"),
    **dict.fromkeys(("lr", "learning_rate", "eta"), "epsilon"),
    **{"momentum": "alpha", "weight_decay": "decay", "loss": "error", "tol": "tolerance", "verbose": "progress"},
    batch_size="bp.train(net, bp.Fit.of(fit.weights, fit.velocity), task.of_cases(cases), 1, epsilon), by batch",
)
def train(
    net: Network,
    w: np.ndarray | Fit,
    task: Task,
    sweeps: int,
    epsilon,
    alpha=0.0,
    decay=0.0,
    *,
    error=squared,
    tolerance=0.5,
    order=None,
    record=1,
    snapshots=(),
    stop=False,
    progress=True,
):
    """Train all runs and return a `Fit`; `w`, weights `(runs, size)` or the `Fit` to go on from, is left as it is.

    A sweep through the cases changes the weights by Δw(t) = -ε ∂E/∂w + α Δw(t-1), equation (9), with E summed over the
    cases, then shrinks them by the fraction `decay`. `epsilon`, `alpha` and `decay` broadcast against `(runs, size)`; a
    weight for which all three are 0 does not move.

    - `tolerance`: a run is solved when every |y - d| is below it; at most half the distance between two targets. Of
      several, the loosest first, each is met at a sweep of its own; the last decides when a run is solved. A `Fit` goes
      on with `tolerance=fit.tolerance`, and what it has met is not looked at again: for another task, and for batches,
      go on from `Fit.of(fit.weights, fit.velocity)`.
    - `order`: case numbers, to change the weights after each case, in this order, and not after each sweep. A case that
      is held out makes no step. A batch is a task of its own, `task.of_cases(cases)`, for one sweep.
    - `record`: sweeps between two recordings of E; the last is always recorded; 0: only the last.
    - `snapshots`: sweep counts, over all calls and in increasing order, at which to keep the weights.
    - `stop`: a run retires at the sweep that solves it, or when it has diverged; the training ends when all have.
    - `progress`: show a bar if it takes more than a second.

    A compiled kernel trains the runs, in several threads within `joblib.parallel_config(n_jobs=2)`. A run comes out the
    same, to the last bit, in any company and on any machine; one that diverges is marked and leaves the others alone. A
    user's own activation or error rule is left to the plain NumPy of `equations.py`: slower, on one core, without a
    bar, and with last bits that depend on the machine. Raises `ValueError` for arguments that make no sense.
    """
    checks.instance("the net", net, Network)
    fit = w if isinstance(w, Fit) else Fit.of(net.weights(w))
    checks.expect(fit.weights.shape[1] == net.size, f"w has the shape {fit.weights.shape}", f"(runs, {net.size})")
    task, shape = net.fitting(task, len(fit), error), fit.weights.shape
    sweeps, record = checks.count("sweeps", sweeps), checks.count("record", record)
    tolerance, progress = _tolerance(tolerance, task), checks.flag("progress", progress)
    schedule = Schedule(
        epsilon=checks.spread("epsilon", epsilon, shape, 0, np.inf) * (net.mask.all() or net.mask),
        alpha=checks.spread("alpha", alpha, shape, 0, 1),
        decay=checks.spread("decay", decay, shape, 0, 1),
        sweeps=sweeps,
        before=fit.sweeps,
        tolerances=np.append(tolerance, 0.0),
        stop=checks.flag("stop", stop),
        recorded_at=fit.sweeps + np.append(np.arange(0, sweeps, record) if record else [], sweeps).astype(int),
        snapshot_at=_snapshots(snapshots, fit.sweeps, fit.sweeps + sweeps),
        order=_order(order, task.cases),
    )
    checks.expect(np.any(epsilon), "epsilon is 0 everywhere", "a positive rate somewhere, or nothing is learned")
    fresh, same = fit.sweeps == 0 and (fit.solved_at < 0).all(), np.array_equal(fit.tolerance, tolerance)
    wrong = f"tolerance is {tolerance.tolist()}, and was {np.asarray(fit.tolerance).tolist()} in the call before"
    checks.expect(fresh or same, wrong, "the same, or fit.weights, to begin anew")
    solved_at = fit.solved_at.astype(int, order="C") if same else np.full((*tolerance.shape, len(fit)), -1)
    results = layout.results_for(fit.weights, fit.velocity, schedule, np.atleast_2d(solved_at))
    if not layout.knows(net, error):
        with np.errstate(all="ignore"):
            _by_equations(net, task, error, schedule, results)
    elif len(fit):
        _by_kernel(net, task, error, schedule, results, progress)
    return Fit(
        weights=results.weights,
        velocity=results.velocity,
        sweeps=fit.sweeps + sweeps,
        recorded_at=schedule.recorded_at,
        error=results.error.T,
        solved_at=results.solved_at.reshape(solved_at.shape),
        snapshots=results.snapshots,
        tolerance=tolerance,
    )


def _tolerance(value, task):
    """Positive, in falling order, at most half the distance between two targets: a looser one calls all solved."""
    expected = "a positive number, or a list of such, the loosest first"
    value = checks.array("tolerance", value, expected, good=lambda value: value.ndim < 2 and value.size and value > 0)
    checks.expect((np.diff(np.atleast_1d(value)) < 0).all(), f"tolerance is {value.tolist()}", expected)
    for name, d in task.targets.items():
        values = np.unique(d[np.isfinite(d)])
        half = np.ptp(values) / 2 if len(values) == 2 else np.inf
        expected = f"a positive number up to {half:g}, half the distance between the targets of layer {name!r}"
        checks.expect(value.max() * (1 - 1e-12) <= half, f"tolerance is {value.max():g}", expected)
    return value


def _order(order, cases):
    """All case numbers in some order, or none."""
    expected = f"each of the case numbers 0 to {cases - 1} once"
    complete = lambda order: order.ndim == 1 and np.array_equal(np.sort(order), np.arange(cases))  # noqa: E731
    return np.empty(0, int) if order is None else checks.array("order", order, expected, "iu", complete)


def _snapshots(counts, first, last):
    """Increasing sweep counts over all calls."""
    expected = f"increasing sweep counts from {first} to {last}, for instance [{first}, {last}]"
    good = lambda counts: counts.ndim == 1 and (np.diff(counts, prepend=first - 1) > 0) & (counts <= last)  # noqa: E731
    return checks.array("snapshots", counts, expected, "iu", good)


# ---------------------------------------------------------------- by the compiled kernel

SHORT = 3e8  # connections that the kernel passes in about a tenth of a second


def _by_kernel(net, task, error, schedule, results, progress):
    """Train the runs by as many threads as joblib is told of, each some runs at a time."""
    given = layout.graph_of(net, task)[0], layout.cases_of(net, task, error), schedule, results
    runs, jobs = len(results.weights), effective_n_jobs(None)  # 1 unless joblib was told otherwise
    columns = kernel.padded(task.cases) + len(schedule.order) * kernel.WIDTH  # cases of a sweep, with those that pad
    work = float(3 * net.size * columns * runs) * (schedule.sweeps + 1)
    if jobs == 1 and work < SHORT:
        return layout.train(*given, 0, runs)
    edges = np.linspace(0, runs, min(runs, 8 * jobs if jobs > 1 else 1) + 1).astype(int).tolist()
    with ThreadPoolExecutor(jobs) as threads:
        try:
            started = [threads.submit(layout.train, *given, *ends) for ends in pairwise(edges)]
            if _unfinished(started, 1):  # for a shorter training tqdm would start a thread of its own
                _watch(started, schedule.sweeps, results, progress)
        finally:
            results.halt[0] = True  # Ctrl-C ends the threads, too
    for one in started:
        one.result()


def _watch(started, sweeps, results, progress):
    """Wait for the threads, with a bar: in sweeps, of all runs."""
    total, silent = sweeps * len(results.done), {} if progress else {"disable": True}  # left out for TQDM_DISABLE=1
    with tqdm(total=total, desc="training", unit="sweep", unit_scale=True, leave=False, **silent) as bar:
        while _unfinished(started, 0.2):
            bar.update(int(results.done.sum()) - bar.n)


def _unfinished(started, seconds):
    """Whether threads are still at work after so many seconds; not if one of them has failed."""
    done, others = wait(started, seconds, FIRST_EXCEPTION)
    return others and not any(one.exception() for one in done)


# ---------------------------------------------------------------- by the equations, for a user's own functions


def _by_equations(net, task, error, schedule, results):
    """Train the runs side by side in plain NumPy."""
    w, velocity, solved_at = results.weights, results.velocity, results.solved_at
    met = np.count_nonzero(solved_at >= 0, axis=0)  # how many tolerances each run has met
    tolerances, counts = schedule.tolerances, np.broadcast_to(task.counts(), (len(w), task.cases))
    active = np.isfinite(w).all(axis=1) & ~(schedule.stop & (met == len(solved_at)))

    def gradient(task, rows):
        part = task.of_runs(rows)
        y = equations.forward(net, w[rows], part.inputs)
        return part, y, *equations.backward(net, w[rows], part, error, y)

    def change(rows, dE_dw):
        rates = [rate[rows] if len(rate) > 1 else rate for rate in schedule[:3]]
        w[rows], velocity[rows] = equations.step(w[rows], velocity[rows], dE_dw, *rates)
        active[rows] = np.isfinite(w[rows]).all(axis=1)

    end = schedule.before + schedule.sweeps
    for t in range(schedule.before, end + 1):
        if not active.any():
            break
        rows = np.flatnonzero(active)
        part, y, E, dE_dw = gradient(task, rows)
        results.error[np.ix_(rows, schedule.recorded_at == t)] = E[:, None]
        distance = [np.fmax.reduce(abs(y[name] - part.desired(name)), axis=(1, 2)) for name in task.targets]
        distance = np.where(np.inf > E, np.fmax.reduce(distance), np.inf)
        while (now := distance < tolerances[met[rows]]).any():
            solved_at[met[rows[now]], rows[now]] = t
            met[rows[now]] += 1
        active &= ~(schedule.stop & (met == len(solved_at)))
        results.snapshots[schedule.snapshot_at == t] = w
        if t == end:
            return
        if not len(schedule.order):
            change(rows[active[rows]], dE_dw[active[rows]])
        for case in schedule.order:
            rows = np.flatnonzero(active & counts[:, case])
            if rows.size:
                change(rows, gradient(task.of_case(case), rows)[-1])
    results.snapshots[schedule.snapshot_at >= t] = w
