"""The two family trees, questions about them, the net that answers, and what its units encode (Figs 2-4)."""

from functools import cache
from itertools import permutations, product

import numpy as np
from scipy.optimize import linear_sum_assignment

from . import checks
from .network import Layer, Link, Network, Task

TREES = {  # Fig. 2: husband, wife, sons, daughters
    "English": (
        ("Christopher", "Penelope", ["Arthur"], ["Victoria"]),
        ("Andrew", "Christine", ["James"], ["Jennifer"]),
        ("Arthur", "Margaret", [], []),
        ("James", "Victoria", ["Colin"], ["Charlotte"]),
        ("Charles", "Jennifer", [], []),
    ),
    "Italian": (
        ("Roberto", "Maria", ["Emilio"], ["Lucia"]),
        ("Pierro", "Francesca", ["Marco"], ["Angela"]),
        ("Emilio", "Gina", [], []),
        ("Marco", "Lucia", ["Alfonso"], ["Sophia"]),
        ("Tomaso", "Angela", [], []),
    ),
}
ENGLISH = (  # the columns of Figs 3 and 4, left to right
    *("Christopher", "Andrew", "Arthur", "James", "Charles", "Colin"),
    *("Penelope", "Christine", "Victoria", "Jennifer", "Margaret", "Charlotte"),
)
ITALIAN = (  # each below the English twin
    *("Roberto", "Pierro", "Emilio", "Marco", "Tomaso", "Alfonso"),
    *("Maria", "Francesca", "Lucia", "Angela", "Gina", "Sophia"),
)
PEOPLE = ENGLISH + ITALIAN
RELATIONSHIPS = (  # Fig. 3: the upper row, the lower row
    *("husband", "wife", "son", "daughter", "father", "mother"),
    *("brother", "sister", "nephew", "niece", "uncle", "aunt"),
)
TWINS = np.roll(np.arange(24), 12)  # of each person: the unit of the one in the same position in the other tree
FEATURES = {  # what there is to know of PEOPLE, and of RELATIONSHIPS; NaN: both or neither
    "nationality": np.repeat([1.0, -1.0], 12),  # English, Italian
    "generation": np.tile([1.0, 1, 0, 0, 0, -1], 4),  # grandparents, parents, children
    "branch": np.tile([1.0, -1, 1, -1, -1, np.nan, 1, -1, 1, -1, 1, np.nan], 2),  # Christopher's, Andrew's
    "sex": np.tile(np.repeat([1.0, -1.0], 6), 2),  # men, women
    "sex of person 2": np.tile([1.0, -1.0], 6),  # husband, wife, ...
}


def kin(marriages):
    """What marriages (husband, wife, sons, daughters) imply: a set of facts (person 1, relationship, person 2).

    ("Colin", "aunt", "Jennifer") says that Colin has Jennifer as an aunt. The rules of kinship are ours; that those who
    marry an uncle or aunt become one is the letter's (Fig. 3: Margaret is Colin's).
    """
    couples = {(husband, wife) for husband, wife, *_ in marriages}
    families = [((husband, wife), [*sons, *daughters]) for husband, wife, sons, daughters in marriages]
    men = {man for husband, _, sons, _ in marriages for man in (husband, *sons)}
    married = couples | _turned(couples)
    born = {(child, parent) for parents, children in families for child in children for parent in parents}
    siblings = {(one, other) for _, children in families for one, other in permutations(children, 2)}
    elders = {(child, other) for child, parent in born for one, other in siblings if one == parent}
    elders |= {(child, partner) for child, elder in elders for one, partner in married if one == elder}
    pairs = {
        ("husband", "wife"): married,
        ("father", "mother"): born,
        ("son", "daughter"): _turned(born),
        ("brother", "sister"): siblings,
        ("uncle", "aunt"): elders,
        ("nephew", "niece"): _turned(elders),
    }
    return {(one, names[other not in men], other) for names, related in pairs.items() for one, other in related}


def _turned(pairs):
    return {(other, one) for one, other in pairs}


@cache
def questions():
    """The 104 questions and their answers: {(person 1, relationship): people 2}, in the order of Fig. 3's units."""
    facts = set().union(*map(kin, TREES.values()))
    asked = {pair: [] for pair in product(PEOPLE, RELATIONSHIPS)}
    for person, relationship, other in sorted(facts, key=lambda fact: PEOPLE.index(fact[2])):
        asked[person, relationship].append(other)
    return {question: tuple(answers) for question, answers in asked.items() if answers}


def case_of(person, relationship):
    """The number of a question, for instance ("Colin", "aunt"). Raises `ValueError` that says what can be asked."""
    checks.one_of("person", person, PEOPLE)
    can_be_asked = [has for one, has in questions() if one == person]
    checks.one_of(f"the relationship asked of {person}", relationship, can_be_asked)
    return list(questions()).index((person, relationship))


def family_trees():
    """The task of Figs 2-4: 104 questions (person 1, relationship), each answered by the people 2: targets 0 and 1.

    Case k is the k-th of `questions()`. Units stand for `PEOPLE` and `RELATIONSHIPS`, in the order of Fig. 3.
    """
    asked = questions()
    person, relationship = zip(*asked, strict=True)
    inputs = {"person 1": _on(PEOPLE, person), "relationship": _on(RELATIONSHIPS, relationship)}
    return Task(inputs, {"person 2": np.array([[one in answers for answers in asked.values()] for one in PEOPLE])})


def _on(names, active):
    """One unit a name, on in the cases that name it: `(names, cases)`."""
    return np.array([[name == one for one in active] for name in names])


def family_network():
    """The five-layer net of Fig. 3: 24 people + 12 relationships -> 6 + 6 -> 12 -> 6 -> 24 people."""
    layers = [
        Layer("person 1", 24),
        Layer("relationship", 12),
        Layer("person code", 6),
        Layer("relationship code", 6),
        Layer("central", 12),
        Layer("penultimate", 6),
        Layer("person 2", 24),
    ]
    links = [
        Link("person 1", "person code"),
        Link("relationship", "relationship code"),
        Link("person code", "central"),
        Link("relationship code", "central"),
        Link("central", "penultimate"),
        Link("penultimate", "person 2"),
    ]
    return Network(layers, links)


def correlation(weights, feature):
    """Pearson's r of weights `(..., people)` with a feature of the people; who has none, NaN, does not count."""
    known = ~np.isnan(feature)
    feature = np.where(known, feature, 0)
    of = lambda x: np.where(known, x - x.sum(-1, keepdims=True, where=known) / known.sum(-1, keepdims=True), 0)  # noqa: E731
    with np.errstate(invalid="ignore"):  # of what does not vary there is no r: NaN
        a, b = of(weights), of(feature)
        return np.vecdot(a, b) / np.sqrt(np.vecdot(a, a) * np.vecdot(b, b))


def encoded(weights, feature, resamples=999):
    """Which unit encodes a feature best, and is it more than chance? `(unit, r, p)`, each `(runs,)`.

    `weights`, `(runs, units, names)`, lead to the units from those that the feature, `(names,)`, tells apart. The unit
    is the one whose weights correlate best with it, up to sign. p is how often shuffled features do as well at the best
    of all the units: by places in the tree, twins together, if the feature is the same for them, for twins are no
    independent evidence.
    """
    rng = np.random.default_rng(0)
    rows = feature.reshape(-1, 12)
    if all(np.array_equal(row, rows[0], equal_nan=True) for row in rows):
        shuffled = np.array([rows[:, rng.permutation(12)].ravel() for _ in range(resamples)])
    else:
        shuffled = np.array([rng.permutation(feature) for _ in range(resamples)])
    r = correlation(weights, feature)
    unit = np.abs(r).argmax(axis=1)
    best = np.take_along_axis(r, unit[:, None], axis=1)[:, 0]
    chance = np.array([np.abs(correlation(weights, one)).max(axis=1) for one in shuffled])
    return unit, best, (1 + np.count_nonzero(chance >= np.abs(best) - 1e-12, axis=0)) / (resamples + 1)


def match(a, b):
    """How alike two nets are, by the weights `(..., units, names)` that lead to their units: one number a pair.

    The mean |r| between paired units, for the pairing with the largest: units have no names, and one that is on where
    another is off says the same.
    """
    r = np.abs(standard(a) @ standard(b).swapaxes(-1, -2))
    pairs = [one[linear_sum_assignment(one, maximize=True)].mean() for one in r.reshape(-1, *r.shape[-2:])]
    return np.reshape(pairs, r.shape[:-2])


def in_order(weights, model):
    """The units `(units, names)` of a net, paired with a model's and in their order, white where those are white; and
    |r| of each pair, `(units,)`."""
    r = standard(model) @ standard(weights).T
    units, order = linear_sum_assignment(np.abs(r), maximize=True)
    r = r[units, order]
    return weights[order] * np.sign(r)[:, None], np.abs(r)


def standard(weights):
    """Each unit's weights with mean 0 and length 1: their products are r."""
    weights = weights - weights.mean(axis=-1, keepdims=True)
    return weights / np.linalg.norm(weights, axis=-1, keepdims=True)
