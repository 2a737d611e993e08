"""The family trees against the letter, the rules of kinship said in another way, and counts by hand."""

from collections import Counter
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bp
from bp import families
from bp.families import ENGLISH, FEATURES, ITALIAN, PEOPLE, RELATIONSHIPS, TREES, TWINS, correlation, encoded, kin

DATA = Path(__file__).resolve().parent.parent / "data"


def relations(marriages):
    """The same facts, from who is whose child and who is whose spouse, a person at a time."""
    mother = {child: m for _, m, sons, daughters in marriages for child in sons + daughters}
    father = {child: f for f, _, sons, daughters in marriages for child in sons + daughters}
    wife = {f: m for f, m, *_ in marriages}
    husband = {m: f for f, m, *_ in marriages}
    male = set(wife) | {son for *_, sons, _ in marriages for son in sons}
    people = set(wife) | set(husband) | set(mother)

    def siblings(x):
        return {y for y in people if x != y and x in mother and y in mother and mother[x] == mother[y]}

    def spouse(x):
        return {wife[x]} if x in wife else {husband[x]} if x in husband else set()

    def children(x):
        return {y for y in people if x in (mother.get(y), father.get(y))}

    def elders(x):
        by_blood = siblings(mother.get(x)) | siblings(father.get(x))
        return by_blood | {z for y in by_blood for z in spouse(y)}

    def young(x):
        return {y for z in {x} | spouse(x) for s in siblings(z) for y in children(s)}

    ways = {
        ("husband", "wife"): spouse,
        ("son", "daughter"): children,
        ("father", "mother"): lambda x: {y for y in (mother.get(x), father.get(x)) if y},
        ("brother", "sister"): siblings,
        ("nephew", "niece"): young,
        ("uncle", "aunt"): elders,
    }
    return {(x, names[y not in male], y) for x in people for names, way in ways.items() for y in way(x)}


@pytest.mark.parametrize("tree", TREES)
def test_the_rules_of_kinship(tree):
    assert kin(TREES[tree]) == relations(TREES[tree])


def test_the_numbers_of_the_letter():
    """56 facts and 52 questions in each tree; uncle and aunt, of two children, have two answers."""
    for people, marriages in zip((ENGLISH, ITALIAN), TREES.values(), strict=True):
        facts = kin(marriages)
        assert len(facts) == 56 and len({fact[:2] for fact in facts}) == 52
        assert {one for fact in facts for one in (fact[0], fact[2])} == set(people) and len(set(people)) == 12
        by_relationship = Counter(relationship for _, relationship, _ in facts)
        assert by_relationship == {
            **dict.fromkeys(("husband", "wife"), 5),
            **dict.fromkeys(("father", "mother", "son", "daughter"), 6),
            **dict.fromkeys(("brother", "sister"), 3),
            **dict.fromkeys(("uncle", "aunt", "nephew", "niece"), 4),
        }
    asked = families.questions()
    assert len(asked) == 104 and sum(map(len, asked.values())) == 112
    assert {question for question, answers in asked.items() if len(answers) > 1} == set(
        product(("Colin", "Charlotte", "Alfonso", "Sophia"), ("uncle", "aunt"))
    )


@pytest.mark.parametrize(
    ("person", "relationship", "answers"),
    [
        ("Colin", "aunt", {"Jennifer", "Margaret"}),  # Fig. 3; Margaret by marriage
        ("Sophia", "uncle", {"Emilio", "Tomaso"}),
        ("Charles", "niece", {"Charlotte"}),  # by marriage
        ("Christopher", "wife", {"Penelope"}),
        ("Penelope", "son", {"Arthur"}),
        ("James", "sister", {"Jennifer"}),
        ("Marco", "mother", {"Francesca"}),
        ("Victoria", "husband", {"James"}),
        ("Tomaso", "son", set()),
        ("Colin", "nephew", set()),
        ("Arthur", "uncle", set()),
        ("Pierro", "brother", set()),
    ],
)
def test_answers_by_hand(person, relationship, answers):
    assert set(families.questions().get((person, relationship), ())) == answers


def test_each_relationship_has_its_converse():
    """Whoever has a son is a father or mother of his, and so on."""
    converse = {
        **dict.fromkeys(("husband", "wife"), ("husband", "wife")),
        **dict.fromkeys(("father", "mother"), ("son", "daughter")),
        **dict.fromkeys(("son", "daughter"), ("father", "mother")),
        **dict.fromkeys(("brother", "sister"), ("brother", "sister")),
        **dict.fromkeys(("uncle", "aunt"), ("nephew", "niece")),
        **dict.fromkeys(("nephew", "niece"), ("uncle", "aunt")),
    }
    facts = set().union(*map(kin, TREES.values()))
    for one, relationship, other in facts:
        assert any((other, back, one) in facts for back in converse[relationship])


def test_the_trees_are_isomorphic():
    name = dict(zip(ENGLISH, ITALIAN, strict=True))
    assert {(name[one], relationship, name[other]) for one, relationship, other in kin(TREES["English"])} == kin(
        TREES["Italian"]
    )
    assert [PEOPLE[k] for k in TWINS] == [*ITALIAN, *ENGLISH]


def test_the_table_that_is_shipped():
    table = pd.read_csv(DATA / "family_trees.csv")
    assert list(table) == ["tree", "person 1", "relationship", "person 2"]
    facts = [(tree, *fact) for tree, marriages in TREES.items() for fact in kin(marriages)]
    assert sorted(map(tuple, table.to_numpy())) == sorted(facts)


def test_the_task_asks_the_questions():
    task = bp.family_trees()
    assert task.cases == 104
    for case, ((person, relationship), answers) in enumerate(families.questions().items()):
        on = [np.flatnonzero(states[:, case]) for states in (*task.inputs.values(), *task.targets.values())]
        assert [PEOPLE[k] for k in on[0]] == [person] and [RELATIONSHIPS[k] for k in on[1]] == [relationship]
        assert tuple(PEOPLE[k] for k in on[2]) == answers
    bp.family_network().forward(np.zeros((1, 630)), task.inputs)


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


def test_the_printed_activities_name_all_units():
    table = pd.read_csv(DATA / "paper_fig3_activity.csv")
    assert sorted(table.unit[:24]) == sorted(PEOPLE)
    assert table.layer.value_counts().to_dict() == {
        "output": 24, "penultimate": 6, "central": 12, "person": 6, "relationship": 6,
    }  # fmt: skip
    assert set(table.sort_values("relative_area").query("layer == 'output'").unit[-2:]) == {"Jennifer", "Margaret"}


def test_match_is_the_best_of_all_pairings():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 4, 12))
    found = families.match(a, b)
    for run in range(3):
        r = np.abs([[np.corrcoef(one, other)[0, 1] for other in b[run]] for one in a[run]])
        assert found[run] == pytest.approx(max(r[range(4), order].mean() for order in permutations(range(4))))
    assert families.match(a[:, None], b[None]).shape == (3, 3)
    assert families.match(a[:, None], b[None])[1, 2] == pytest.approx(families.match(a[1], b[2]))


def test_units_come_in_the_order_of_the_model():
    rng = np.random.default_rng(0)
    model = rng.normal(size=(6, 24))
    order, signs = rng.permutation(6), rng.choice([-1, 1], 6)
    turned = 3 * model[order] * signs[:, None] + 1
    back, r = families.in_order(turned, model)
    assert r == pytest.approx(np.ones(6)) and families.match(turned, model) == pytest.approx(1)
    assert [np.corrcoef(one, other)[0, 1] for one, other in zip(back, model, strict=True)] == pytest.approx([1] * 6)
