"""Statistics against hand calculations and SciPy's exact ones."""

import numpy as np
import pytest
from scipy import stats

import bp


def test_share_is_wilsons_interval():
    n, k, z = 929, 688, stats.norm.ppf(0.975)
    p = k / n
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))  # Wilson (1927)
    estimate = bp.share(np.arange(n) < k)
    assert estimate == pytest.approx((p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)))


def test_quantile_is_near_the_exact_interval_and_bears_infinity():
    values = np.random.default_rng(0).lognormal(size=400)
    values[values > np.quantile(values, 0.9)] = np.inf  # runs that never finish
    estimate = bp.quantile(values, 0.5)
    exact = stats.quantile_test(values, p=0.5).confidence_interval()
    assert estimate.value in values and np.mean(values <= estimate.value) == 0.5
    assert estimate.low == pytest.approx(exact.low, rel=0.05) and estimate.high == pytest.approx(exact.high, rel=0.05)


def test_quantile_is_the_same_each_time():
    assert bp.quantile(np.arange(50), 0.25) == bp.quantile(np.arange(50), 0.25)


def test_a_single_value_has_no_interval():
    value, low, high = bp.quantile([7], 0.5)
    assert value == 7 and np.isnan(low) and np.isnan(high)


def test_an_estimate_formats_with_its_interval():
    assert f"{bp.Estimate(0.92914, 0.9114, 0.9432):.1%}" == "92.9% [91.1%, 94.3%]"
    assert f"{bp.Estimate(3006, 2636, 3430):,.0f}" == "3,006 [2,636, 3,430]"
