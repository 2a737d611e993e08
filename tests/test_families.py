"""The family trees against the paper, the rules of kinship said in another way, and counts by hand."""

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bp
from bp import families
from bp.families import ENGLISH, ITALIAN, PEOPLE, RELATIONSHIPS, TREES, TWINS, kin

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


def test_the_printed_activities_name_all_units():
    table = pd.read_csv(DATA / "paper_fig3_activity.csv")
    assert sorted(table.unit[:24]) == sorted(PEOPLE)
    assert table.layer.value_counts().to_dict() == {
        "output": 24, "penultimate": 6, "central": 12, "person": 6, "relationship": 6,
    }  # fmt: skip
    assert set(table.sort_values("relative_area").query("layer == 'output'").unit[-2:]) == {"Jennifer", "Margaret"}
