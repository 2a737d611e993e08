"""Statistics against hand calculations and SciPy's exact ones."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

import study


def test_share_is_wilsons_interval():
    n, k, z = 929, 688, stats.norm.ppf(0.975)
    p = k / n
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))  # Wilson (1927)
    estimate = study.share(np.arange(n) < k)
    assert estimate == pytest.approx((p, (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)))


def test_quantile_is_near_the_exact_interval_and_bears_infinity():
    values = np.random.default_rng(0).lognormal(size=400)
    values[values > np.quantile(values, 0.9)] = np.inf  # runs that never finish
    estimate = study.quantile(values, 0.5)
    exact = stats.quantile_test(values, p=0.5).confidence_interval()
    assert estimate.value in values and np.mean(values <= estimate.value) == 0.5
    assert estimate.low == pytest.approx(exact.low, rel=0.05) and estimate.high == pytest.approx(exact.high, rel=0.05)


def test_quantile_is_the_same_each_time():
    assert study.quantile(np.arange(50), 0.25) == study.quantile(np.arange(50), 0.25)


def test_a_single_value_has_no_interval():
    value, low, high = study.quantile([7], 0.5)
    assert value == 7 and np.isnan(low) and np.isnan(high)


def test_an_estimate_formats_with_its_interval():
    assert f"{study.Estimate(0.92914, 0.9114, 0.9432):.1%}" == "92.9% [91.1%, 94.3%]"
    assert f"{study.Estimate(3006, 2636, 3430):,.0f}" == "3,006 [2,636, 3,430]"


def test_kaplan_meier_by_hand():
    """Kaplan & Meier (1958): the share left is a product over the deaths, of those still followed just before."""
    curve = study.kaplan_meier([2, 3, -1, 5, 9], [4, 9, 4, 9, 7])  # 2, 3, followed to 4, 5, followed to 7
    left = {1: 1, 2: 4 / 5, 3: 4 / 5 * 3 / 4, 4: 3 / 5, 5: 3 / 5 * 1 / 2, 7: 3 / 10}
    assert 1 - curve.evaluate([*left]) == pytest.approx([*left.values()])


def test_kaplan_meier_without_censoring_within_the_time_is_the_share():
    solved_at = np.random.default_rng(1).geometric(0.001, 500)
    followed = np.where(solved_at <= 1500, solved_at, -1)
    curve = study.kaplan_meier(followed, 1500)
    for sweeps in (100, 700, 1500):
        assert curve.evaluate(sweeps) == pytest.approx(np.mean(solved_at <= sweeps))
    assert study.kaplan_meier(solved_at, 1500).evaluate(1500) == curve.evaluate(1500)  # later is as good as never


def test_permutation_test_is_the_exact_one_where_that_can_be_counted():
    a, b = [1, 2, 3, 4], [5, 6, 7]
    # of the 35 ways to part them, how many differ as much in their medians (lower of the two middle ones)?
    both, differences = a + b, []
    for chosen in combinations(range(7), 4):
        one, other = [both[k] for k in chosen], [both[k] for k in range(7) if k not in chosen]
        differences.append(sorted(one)[1] - sorted(other)[1])
    differences, seen = np.array(differences), 2 - 6
    p = 2 * min(np.mean(differences <= seen), np.mean(differences >= seen))
    assert study.permutation_test(a, b) == pytest.approx(p)


def test_permutation_test_of_like_and_unlike():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=300), rng.normal(size=300)
    assert study.permutation_test(a, b, resamples=999) > 0.05
    assert study.permutation_test(a, b + 1, resamples=999) == pytest.approx(2 / 1000)  # none as large, counted as one
