"""Measures of codes against NumPy's correlations, chance, and all pairings one by one."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bp
from bp.families import PEOPLE, RELATIONSHIPS, TREES, kin, questions
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
    """Of random units 5% have p <= 0.05, though the best of six is looked at; counterparts are not counted twice."""
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


def test_what_is_printed_is_as_the_papers_say():
    """Unit by unit of Fig. 7 in Hinton's paper: one tells men from women; all squares are between -1 and 1."""
    states, fig7 = codes.printed_states(), codes.printed_weights("families_fig7")
    assert {name: y.size for name, y in states.items()} == {
        "person 2": 24, "penultimate": 6, "central": 12, "person code": 6, "relationship code": 6,
    }  # fmt: skip
    assert {PEOPLE[k] for k in np.argsort(states["person 2"])[-2:]} == {"Jennifer", "Margaret"}
    assert fig7.shape == (6, 12) and 0.9 < np.abs(fig7).max() <= 1
    assert (np.sign(fig7[4]) == -FEATURES["sex of person 2"]).all()  # the lower middle: black for men
    assert codes.explained(fig7[None], FEATURES["sex of person 2"])[0, 0] > 0.9


def survey(weights, biases, group):
    """A table with columns as `study.family_trees.codes` names them."""
    names = codes.GROUPS[group]
    columns = {f"{u + 1} {name}": weights[:, u, k] for u in range(6) for k, name in enumerate(names)}
    columns |= {f"{u + 1} {group} bias": biases[:, u] for u in range(6)}
    return pd.DataFrame(dict(sorted(columns.items())))


def test_codes_are_the_states_of_the_net():
    net, task = bp.family_network(), bp.family_trees()
    w = net.initial_weights(range(3), 2.0)
    parts, states = net.matrices(w), net.forward(w, task.inputs)
    for group, names in codes.GROUPS.items():
        weights = next(part for link, part in parts.items() if link.endswith(f"->{group} code"))
        table = survey(weights, parts[f"{group} code"], group)
        assert np.array_equal(codes.weights_to(table, group), weights)
        for case, question in enumerate(questions()):
            name = names.index(question[group == "relationship"])
            assert codes.codes_of(table, group)[..., name] == pytest.approx(states[f"{group} code"][..., case])


def test_nearer_counts_the_other_tree_only():
    """On a line: the counterpart of k is beside k, but for two who changed places; the own tree is nearer still."""
    place = np.concatenate([np.arange(12), np.arange(12) + 0.3])
    assert (codes.nearer(place[None, None]) == 0).all()
    place[[12, 13]] = place[[13, 12]]
    assert codes.nearer(place[None, None])[0].tolist() == [1, 1, *[0] * 10, 2, 1, *[0] * 10]
    rng = np.random.default_rng(0)
    assert np.mean(codes.nearer(rng.normal(size=(500, 6, 24))) == 0) == pytest.approx(1 / 12, abs=0.01)


def test_one_unit_for_each_name_is_not_distributed():
    local = np.repeat(np.eye(6), 4, axis=1)
    spread = local + np.roll(local, 1, axis=0)
    single = spread.copy()
    single[0] = [1, *[0] * 23]  # a unit for one name only
    assert codes.several(np.stack([local, spread, single])).tolist() == [False, True, False]


def test_a_unit_is_needed_by_those_whose_answers_it_changes():
    """A net that asks one unit only, by hand: it says Andrew whenever that unit is on, and Arthur else."""
    net, task = bp.family_network(), bp.family_trees()
    w = np.zeros((1, net.size))
    parts = net.matrices(w)
    for link in ("person code->central", "central->penultimate"):
        parts[link][0, 0, 0] = 20
    for layer in ("person code", "central", "penultimate"):
        parts[layer][0, 0] = -10
    parts["person 2"][:] = -10
    parts["penultimate->person 2"][0, [1, 2], 0] = 40, -40
    parts["person 2"][0, [1, 2]] = -20, 20
    parts["person 1->person code"][0, 0, PEOPLE.index("James")] = 20  # James has-father Andrew
    right = bp.right(net, w, task)[0]
    asked = [question for question, good in zip(questions(), right, strict=True) if good]
    assert ("James", "father") in asked
    found = codes.needed(w, "person")
    assert found.shape == (1, 6, 24) and not found[0, 1:].any()
    assert [PEOPLE[k] for k in np.flatnonzero(found[0, 0])] == ["James"]


def test_features_that_are_shared():
    """Generation in two units and branch in one: one of three is shared, and r² comes in order."""
    generation, branch = FEATURES["generation"], np.nan_to_num(FEATURES["branch"])
    rng = np.random.default_rng(0)
    W = np.stack([generation, -2 * generation, branch, *rng.normal(size=(3, 24))])[None]
    W[0, 3:] -= W[0, 3:].mean(axis=1, keepdims=True)
    assert codes.shared(W).tolist() == [1]
    r2 = codes.explained(W, FEATURES["generation"])[0]
    assert r2[:2] == pytest.approx([1, 1]) and (np.diff(r2) <= 0).all()
    assert codes.readability(W[:, :3]) == pytest.approx([1])
    assert codes.in_between(W, np.array([0])).tolist() == [True]
    assert codes.in_between(np.abs(W), np.array([0])).tolist() == [False]
