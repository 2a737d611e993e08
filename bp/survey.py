"""Thousands of runs: what can be said of them, and how surely."""

from typing import NamedTuple

import numpy as np
from scipy import stats


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
    yes = np.asarray(yes, bool)
    interval = stats.binomtest(int(yes.sum()), yes.size).proportion_ci(method="wilson")
    return Estimate(yes.mean(), interval.low, interval.high)


def quantile(values, q, resamples=2000):
    """The `q`-quantile of `values`, `(runs,)`, with its bootstrap interval. Infinity stands for runs never finished.

    A single value has no interval: NaN.
    """
    values = np.asarray(values, float)

    def statistic(sample, axis):
        return np.quantile(sample, q, axis=axis, method="inverted_cdf")

    if values.size == 1:
        return Estimate(values[0], np.nan, np.nan)
    with np.errstate(invalid="ignore"):  # SciPy takes a standard error as well, and infinity has none
        found = stats.bootstrap((values,), statistic, n_resamples=resamples, method="percentile", rng=0)
    return Estimate(statistic(values, 0), *found.confidence_interval)
