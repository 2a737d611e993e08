"""The walk through weight space: equations (8) and (9), decay, stopping."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from tqdm import tqdm

from . import checks
from .network import Network, Passes, Task, quietly, squared

BATCH_BYTES = 4 * 2**20  # about what stays in cache while a batch of runs is trained


@dataclass(frozen=True)
class Fit:
    """Where the runs of a training are, and how they came there. `fit[rows]` is the fit of some of the runs.

    - `weights`, `velocity`: the points in weight space and their last change Δw, `(runs, size)`;
    - `sweeps`: how many sweeps were asked for, over all calls;
    - `error`: E of each run, `(recordings, runs)`, in this call, after `recorded_at` sweeps over all calls; NaN once a
      run has retired;
    - `solved_at`: the first sweep count, over all calls, at which every |y - d| was below the tolerance, `(runs,)`, or
      `(tolerances, runs)` if there are several; -1: never;
    - `snapshots`: the weights at the sweep counts asked for, `(snapshots, runs, size)`.
    """

    weights: np.ndarray
    velocity: np.ndarray
    sweeps: int
    recorded_at: np.ndarray
    error: np.ndarray
    solved_at: np.ndarray
    snapshots: np.ndarray

    @property
    def diverged(self):
        """Runs whose weights are no longer finite, `(runs,)`."""
        return ~np.isfinite(self.weights).all(axis=1)

    def __len__(self):
        return len(self.weights)

    def __getitem__(self, rows):
        rows = np.arange(len(self))[rows].reshape(-1)
        return replace(self, **{name: getattr(self, name).take(rows, axis) for name, axis in _RUNS.items()})

    @staticmethod
    def of(w):
        """The fit that no training has touched yet: weights `w`, at rest."""
        runs, size = w.shape
        error, snapshots = np.empty((0, runs), w.dtype), np.empty((0, runs, size), w.dtype)
        return Fit(w, np.zeros_like(w), 0, np.arange(0), error, np.full(runs, -1), snapshots)

    @staticmethod
    def join(fits):
        """One fit of the runs of several."""
        parts = {name: [getattr(fit, name) for fit in fits] for name in _RUNS}
        return replace(fits[0], **{name: np.concatenate(parts[name], axis) for name, axis in _RUNS.items()})


_RUNS = {"weights": 0, "velocity": 0, "error": 1, "solved_at": -1, "snapshots": 1}  # the axis of the runs in each


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

    A sweep through the cases changes the weights by Δw(t) = -ε ∂E/∂w + α Δw(t-1), equation (9), then shrinks them by
    the fraction `decay`. `epsilon`, `alpha` and `decay` broadcast against `(runs, size)`.

    - `tolerance`: a run is solved when every |y - d| is below it; at most half the distance between the targets. Of
      several, the loosest first, each is met at a sweep of its own; the last decides when a run is solved.
    - `order`: case numbers, to change the weights after each case, in this order, and not after each sweep. A case
      that is held out makes no step.
    - `record`: sweeps between two recordings of E; the last is always recorded; 0: only the last.
    - `snapshots`: sweep counts, over all calls and in increasing order, at which to keep the weights.
    - `stop`: a run retires at the sweep that solves it, or when it has diverged; the training ends when all have.
    - `progress`: show a bar if it takes more than a second.

    Runs are trained in batches that stay in cache, one after another, or in parallel within
    `joblib.parallel_config(n_jobs=2)`. A run comes out the same, to the last bit, in any batch. One that diverges is
    marked and leaves the others alone. Raises `ValueError` for arguments that make no sense.
    """
    if not isinstance(w, Fit):
        checks.weights(w, net)
    fit = w if isinstance(w, Fit) else Fit.of(w)
    checks.flat(fit.weights, net.size)
    checks.task(task, net, len(fit))
    sweeps = checks.count("sweeps", sweeps)
    rates = [
        checks.rate("epsilon", epsilon, fit.weights, high=np.inf),
        checks.rate("alpha", alpha, fit.weights),
        checks.rate("decay", decay, fit.weights),
    ]
    tolerance = checks.tolerance(tolerance, task)
    fit = replace(fit, solved_at=checks.solved_before(fit, tolerance))
    rest = {
        "error": checks.error_rule(error),
        "tolerance": tolerance,
        "order": checks.order(order, task.cases),
        "record": checks.count("record", record),
        "snapshots": checks.snapshots(snapshots, fit.sweeps, sweeps),
        "stop": checks.flag("stop", stop),
    }
    jobs = effective_n_jobs(None)  # 1 unless joblib was told otherwise
    batches = ceil(len(fit) / runs_in_cache(net, task.cases, fit.weights.itemsize) / jobs) * jobs
    edges = np.linspace(0, len(fit), max(1, min(batches, len(fit))) + 1).astype(int)
    batches = [slice(*ends) for ends in pairwise(edges.tolist())]
    if len(batches) == 1:
        return _walk(net, fit, task, sweeps, rates, **rest, progress=progress)
    fits = Parallel(return_as="generator", batch_size=1)(
        delayed(_walk)(net, fit[rows], task.of_runs(rows), sweeps, _of(rates, rows), **rest) for rows in batches
    )
    silent = {} if progress else {"disable": True}  # left out otherwise, so that TQDM_DISABLE=1 can silence it
    return Fit.join([*tqdm(fits, "training", len(batches), unit="batch", delay=1, leave=False, **silent)])


def runs_in_cache(net, cases, itemsize=8):
    """How many runs of a net are trained at once: what they read and write at every sweep stays in cache."""
    units = sum(layer.units for layer, _ in net.computed)
    return max(1, BATCH_BYTES // (itemsize * (2 * units * cases + 4 * net.size)))


def descend(w, velocity, dE_dw, epsilon, alpha, decay, where=True):
    """Take one step, equation (9), in the runs `where` it is to be taken.

    Changes `w` and `velocity`, `(runs, size)`, and uses up `dE_dw`.
    """
    np.multiply(dE_dw, epsilon, dE_dw)
    np.multiply(velocity, alpha, velocity, where=where)
    np.subtract(velocity, dE_dw, velocity, where=where)  # (9), and (8) if alpha is 0
    np.add(w, velocity, w, where=where)
    # the letter shrinks the weights after the change, so momentum never sees the decay
    if np.count_nonzero(decay):
        np.multiply(w, 1 - decay, w, where=where)


def _of(rates, rows):
    """The rates of some of the runs."""
    return [rate[rows] if rate.ndim and len(rate) > 1 else rate for rate in rates]


def _walk(net, fit, task, sweeps, rates, error, tolerance, order, record, snapshots, stop, progress=False):
    """Train one batch of runs."""
    weights, velocity, solved_at = fit.weights.copy(), fit.velocity.copy(), fit.solved_at.copy()
    recorded_at = np.union1d(np.arange(0, sweeps, record) if record else [], [sweeps]).astype(int)
    row_of = {t: row for row, t in enumerate(recorded_at.tolist())}
    E = np.full((len(recorded_at), len(fit)), np.nan, weights.dtype)
    kept, keep_at = [], [count - fit.sweeps for count in snapshots]
    # which tolerance each run is to meet next: their number is met by no run, since nothing is nearer than 0
    met_at, tolerances = np.atleast_2d(solved_at), np.append(tolerance, 0).astype(weights.dtype)
    level = np.count_nonzero(met_at >= 0, axis=0)
    active = np.isfinite(weights).all(axis=1) & ~(stop & (level == len(met_at)))

    t, rows, bar, late = 0, None, None, perf_counter() + 1
    with quietly():
        while np.count_nonzero(active):  # any() takes several times as long
            if rows is None:  # a batch begins, of the runs that have not retired
                rows = np.flatnonzero(active)
                w, v, unsolved, aim = weights[rows], velocity[rows], level[rows] < len(met_at), tolerances[level[rows]]
                epsilon, alpha, decay = _of(rates, rows)
                cases = task.of_runs(rows)
                sweep = Passes(net, w, cases, error)
                steps = [(sweep, True)] if order is None else [*_case_by_case(net, w, cases, error, order, sweep.dE_dw)]
            sweep.forward()
            sweep.compare()
            if t in row_of:
                E[row_of[t], rows] = sweep.error()
            while np.count_nonzero(unsolved) and (now := rows[sweep.solved(aim, unsolved)]).size:
                met_at[level[now], now] = fit.sweeps + t
                level[now] += 1
                unsolved, aim = level[rows] < len(met_at), tolerances[level[rows]]
                active[rows] &= unsolved | (not stop)
            if stop and t % 100 == 0:
                active[rows] &= np.isfinite(w).all(axis=1)
            if stop and np.count_nonzero(active[rows]) < len(rows):
                weights[rows], velocity[rows] = w, v
                rows = None
                continue
            if len(kept) < len(keep_at) and t == keep_at[len(kept)]:
                weights[rows] = w
                kept.append(weights.copy())
            if t == sweeps:
                weights[rows], velocity[rows] = w, v
                break
            for passes, where in steps:
                if passes is not sweep:
                    passes.forward()
                    passes.compare()
                passes.backward()
                descend(w, v, passes.dE_dw, epsilon, alpha, decay, where)
            t += 1
            if bar is not None:
                bar.update()
            elif progress and perf_counter() > late:
                bar = tqdm(total=sweeps, initial=t, desc="training", unit="sweep", leave=False)
    if bar is not None:
        bar.close()
    kept += [weights] * (len(keep_at) - len(kept))  # all have retired before
    snapshots = np.array(kept).reshape(len(kept), *weights.shape)
    return Fit(weights, velocity, fit.sweeps + sweeps, fit.sweeps + recorded_at, E, solved_at, snapshots)


def _case_by_case(net, w, task, error, order, dE_dw):
    """Passes for each case in turn, and the runs in which it makes a step, `(runs, 1)`, or True: in all."""
    counts = np.broadcast_to(task.counts(), (len(w), task.cases))
    for case in order:
        where = counts[:, case : case + 1]
        if where.any():
            yield Passes(net, w, task.of_case(case), error, dE_dw), True if where.all() else where
