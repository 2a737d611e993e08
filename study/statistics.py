"""What can be said of thousands of runs, and how surely: names for what SciPy computes."""

from typing import NamedTuple

import numpy as np
import scipy  # `from scipy import stats` would load it now, and take a second

from . import checks


class Estimate(NamedTuple):
    """A number with its 95% interval; formats as `f"{estimate:.1%}"` -> "92.9% [91.1%, 94.3%]"."""

    value: float
    low: float
    high: float

    def __format__(self, spec):
        value, low, high = (format(float(number), spec) for number in self)
        return f"{value} [{low}, {high}]"


def share(yes):
    """The share of True in `yes`, `(runs,)`, with its Wilson interval."""
    yes = checks.yes_or_no(yes)
    interval = scipy.stats.binomtest(int(yes.sum()), yes.size).proportion_ci(method="wilson")
    return Estimate(yes.mean(), interval.low, interval.high)


def quantile(values, q, resamples=2000):
    """The `q`-quantile of `values`, `(runs,)`, with its bootstrap interval. Infinity stands for runs never finished.

    A single value has no interval: NaN.
    """
    values, (q, resamples) = checks.sample("values", values), checks.statistic(q, resamples)

    def statistic(sample, axis):
        return np.quantile(sample, q, axis=axis, method="inverted_cdf")

    if values.size == 1:
        return Estimate(values[0], np.nan, np.nan)
    with np.errstate(invalid="ignore"):  # SciPy takes a standard error as well, and infinity has none
        found = scipy.stats.bootstrap(
            (values,), statistic, n_resamples=resamples, batch=100, method="percentile", rng=0
        )
    return Estimate(statistic(values, 0), *found.confidence_interval)


def kaplan_meier(solved_at, horizon):
    """The share of runs that have solved their task, against sweeps, where some were given up: SciPy's `ecdf(...).cdf`.

    `solved_at`, `(runs,)`, is a `Fit`'s: -1, or later than `horizon`, says that the run was followed up to `horizon`
    sweeps, or as many as `horizon`, `(runs,)`, has for it, and had not solved it. `.quantiles` and `.probabilities` are
    the steps of the estimate, `.evaluate(sweeps)` reads it, `.confidence_interval()` has Greenwood's 95% interval.
    """
    return scipy.stats.ecdf(censored(solved_at, horizon)).cdf


def censored(solved_at, horizon):
    """Sweeps to solution as SciPy's `CensoredData`, for `scipy.stats.logrank` and `ecdf`; as in `kaplan_meier`."""
    runs = len(checks.sample("solved_at", solved_at))
    solved_at, horizon = np.asarray(solved_at), np.broadcast_to(checks.horizons(horizon, runs), runs)
    never = (solved_at < 0) | (solved_at > horizon)
    return scipy.stats.CensoredData.right_censored(np.where(never, horizon, solved_at), never)


def permutation_test(a, b, q=0.5, resamples=9999):
    """How likely is a difference between the `q`-quantiles of `a` and `b` as large as theirs, if all were of one kind?

    The two-sided p-value of SciPy's permutation test; all values are finite.
    """

    def difference(a, b, axis):
        return np.subtract(*(np.quantile(sample, q, axis=axis, method="inverted_cdf") for sample in (a, b)))

    (a, b), (q, resamples) = (
        (checks.sample("values", s, least=2, finite=True) for s in (a, b)),
        checks.statistic(q, resamples),
    )
    found = scipy.stats.permutation_test((a, b), difference, n_resamples=resamples, batch=100, rng=0)
    return found.pvalue
