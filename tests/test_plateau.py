"""The law of the plateau, against a numerical solution of its equation and fits by SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import curve_fit

import bp
from study import interpretations, plateau, procedures


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_the_length_with_decay_solves_the_equation(depth):
    """da/dt = k a^(N - 1) - d a, until a is beyond all bounds."""
    k, start, decay = 0.05, 0.4, 0.002

    def blown_up(decay):
        def leaves(t, a):
            return a[0] - 1e4

        leaves.terminal = True
        solved = solve_ivp(lambda t, a: k * a ** (depth - 1) - decay * a, (0, 1e5), [start], events=leaves, rtol=1e-9)
        return solved.t_events[0]

    (T0,), (T,) = blown_up(0.0), blown_up(decay)
    assert plateau.sweeps_with_decay(T0, decay, depth) == pytest.approx(T, rel=1e-3)
    assert not blown_up(2 / ((depth - 2) * T0)).size
    assert np.isinf(plateau.sweeps_with_decay(T0, 2 / ((depth - 2) * T0), depth))


def test_the_law_with_an_offset():
    limits = np.array([0.2, 0.3, 0.5, 1.0])
    times = 200 + 150 / limits**2
    assert plateau.offset_and_constant(limits, times, 4) == pytest.approx([200, 150])
    noisy = times * [1.05, 0.97, 1.02, 0.99]
    law = lambda a, offset, constant: offset + constant / a**2  # noqa: E731
    expected, _ = curve_fit(lambda a, *p: law(a, *p) / noisy, limits, np.ones(4), p0=(1, 1))
    assert plateau.offset_and_constant(limits, noisy, 4) == pytest.approx(expected, rel=1e-5)
    assert plateau.pure_power(limits, 150 / limits**2, 4) == pytest.approx(150)


def test_where_half_of_the_runs_leave():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.3, 4, 4000)
    left = rng.random(4000) < 1 / (1 + (x / 1.4) ** 8)
    assert plateau.half_leave(x, left) == pytest.approx(1.4, rel=0.03)


def test_each_run_is_set_beside_itself_without_decay():
    common = {"depth": 4, "epsilon": 0.01, "limit": 0.3}
    rows = [common | {"decay": decay, "seed": seed, "left": left} for decay, seed, left in CASES]
    pairs = plateau.with_and_without(pd.DataFrame(rows)).set_index("seed")
    assert pairs["T0"].to_dict() == {0: 200, 1: 300} and pairs.x.to_dict() == pytest.approx({0: 0.8, 1: 1.2})
    assert pairs.predicted[0] == pytest.approx(-np.log(0.2) / 0.004) and np.isinf(pairs.predicted[1])
    assert plateau.deviations(pairs.reset_index())[0] == pytest.approx(360 / (-np.log(0.2) / 0.004))


CASES = [(0.0, 0, 200.0), (0.0, 1, 300.0), (0.002, 1, np.inf), (0.002, 0, 360.0)]


def test_what_the_texts_say_and_how_far_it_is():
    for labels, expected in (
        ({}, "printed"),
        ({"range": "±2", "rates": "24 / fan-in"}, "hinted"),
        ({"range": "±2", "inputs": "0 / 3"}, "open"),
        ({"range": "±2", "units": "gain 3"}, "contradicted"),
    ):
        assert procedures.texts(labels.values()) == expected
    assert procedures.distance(["±2", "24 / fan-in"]) == (2, pytest.approx(np.log2(20 / 3) + 2))
    assert procedures.distance(["zero"]) == (1, 1)
    known = {label for labels in interpretations.INTERPRETATIONS.values() for label in labels}
    named = interpretations.HINTED | interpretations.OPEN
    assert named | set(procedures.SIZES) <= known and not interpretations.HINTED & interpretations.OPEN


def test_runs_that_held_the_aunts_out_do_not_count():
    table = pd.DataFrame({"seed": range(200), "y Jennifer": 0.7, "y Margaret": 0.6})
    mean = procedures.mean_activity(table)
    away = interpretations.procedure().cases(range(200)).held_out[:, CASE]
    assert mean[~away].tolist() == pytest.approx([0.65] * (~away).sum()) and mean[away].isna().all() and away.any()


CASE = bp.families.case_of("Colin", "aunt")
