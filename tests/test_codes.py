"""Measures of codes against NumPy's correlations, chance, and all pairings one by one."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bp.families import PEOPLE, RELATIONSHIPS, TREES, kin
from study import codes
from study.codes import FEATURES, correlation, encoded

DATA = Path(__file__).resolve().parent.parent / "data"


def test_features_are_those_of_the_trees():
    """Generation, branch and sex worked out from the marriages."""
    of = {name: dict(zip(PEOPLE, FEATURES[name], strict=True)) for name in ("generation", "branch", "sex")}
    for marriages in TREES.values():
        founders = [couple for couple in marriages if couple[0] not in {s for *_, sons, _ in marriages for s in sons}]
        founders = [couple for couple in founders if couple[2] + couple[3]]  # not Charles or Tomaso
        for sign, (husband, wife, sons, daughters) in zip((1, -1), founders, strict=True):
            assert of["branch"][husband] == of["branch"][wife] == sign
            assert {of["branch"][child] for child in sons + daughters} == {sign}
        for husband, wife, sons, daughters in marriages:
            assert (of["sex"][husband], of["sex"][wife]) == (1, -1)
            assert of["generation"][husband] == of["generation"][wife]
            assert all(of["sex"][son] == 1 for son in sons) and all(of["sex"][one] == -1 for one in daughters)
            assert {of["generation"][child] for child in sons + daughters} <= {of["generation"][husband] - 1}
        (children,) = (sons + daughters for _, _, sons, daughters in marriages[3:4])
        assert all(np.isnan(of["branch"][child]) for child in children)
    for _, relationship, other in kin(TREES["English"]):
        assert FEATURES["sex of person 2"][RELATIONSHIPS.index(relationship)] == of["sex"][other]


def test_correlation_is_numpys():
    rng = np.random.default_rng(0)
    weights, feature = rng.normal(size=(3, 6, 24)), FEATURES["branch"]
    known = ~np.isnan(feature)
    expected = [[np.corrcoef(unit[known], feature[known])[0, 1] for unit in run] for run in weights]
    assert correlation(weights, feature) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("name", ["nationality", "generation", "sex of person 2"])
def test_chance_is_rarely_mistaken_for_a_code(name):
    """Of random units 5% have p <= 0.05, though the best of six is looked at; twins alike are no evidence twice."""
    rng, feature = np.random.default_rng(0), FEATURES[name]
    weights = rng.normal(size=(400, 6, feature.size))
    if name == "generation":
        weights[..., 12:] = weights[..., :12]
    _, _, p = encoded(weights, feature, resamples=199)
    assert 0.02 < np.mean(p <= 0.05) < 0.09
    assert np.mean(p) == pytest.approx(0.5, abs=0.05)


def test_a_code_is_found_whatever_its_sign():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(20, 6, 24))
    weights[:, 3] = -2 * FEATURES["nationality"] + rng.normal(0, 0.3, (20, 24))
    unit, r, p = encoded(weights, FEATURES["nationality"], resamples=199)
    assert (unit == 3).all() and (r < -0.9).all() and p == pytest.approx(1 / 200)


def test_the_printed_net_encodes_what_the_caption_says():
    table = pd.read_csv(DATA / "paper_fig4_weights.csv")
    assert list(table.person[:24]) == list(PEOPLE) and list(table.unit) == list(np.repeat(range(1, 7), 24))
    weights = table.relative_weight.to_numpy().reshape(1, 6, 24)
    best = {name: encoded(weights, FEATURES[name]) for name in ("nationality", "generation", "branch", "sex")}
    assert best["nationality"][0] == 0 and best["branch"][0] == 5
    assert correlation(weights, FEATURES["generation"])[0, 1] > 0.8  # unit 2; unit 3 carries it as well
    assert all(best[name][2] < 0.01 for name in ("nationality", "generation", "branch")) and best["sex"][2] > 0.05


def test_match_is_the_best_of_all_pairings():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4, 12))
    found = codes.match(a, b)
    for run in range(3):
        r = np.abs([[np.corrcoef(one, other)[0, 1] for other in b[run]] for one in a[run]])
        assert found[run] == pytest.approx(max(r[range(4), order].mean() for order in permutations(range(4))))
    assert codes.match(a[:, None], b[None]).shape == (3, 3)
    assert codes.match(a[:, None], b[None])[1, 2] == pytest.approx(codes.match(a[1], b[2]))


def test_units_come_in_the_order_of_the_model():
    rng = np.random.default_rng(0)
    model = rng.normal(size=(6, 24))
    order, signs = rng.permutation(6), rng.choice([-1, 1], 6)
    turned = 3 * model[order] * signs[:, None] + 1
    back, r = codes.in_order(turned, model)
    assert r == pytest.approx(np.ones(6)) and codes.match(turned, model) == pytest.approx(1)
    assert [np.corrcoef(one, other)[0, 1] for one, other in zip(back, model, strict=True)] == pytest.approx([1] * 6)
