"""The two family trees, questions about them, and the net that answers (Figs 2-4)."""

from functools import cache
from itertools import permutations, product

import numpy as np

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


def kin(marriages):
    """What marriages (husband, wife, sons, daughters) imply: a set of facts (person 1, relationship, person 2).

    ("Colin", "aunt", "Jennifer") says that Colin has Jennifer as an aunt. The rules of kinship are ours; that those who
    marry an uncle or aunt become one is the paper's (Fig. 3: Margaret is Colin's).
    """
    families = [((husband, wife), (*sons, *daughters)) for husband, wife, sons, daughters in marriages]
    men = {man for husband, _, sons, _ in marriages for man in (husband, *sons)}
    married = {pair for (husband, wife), _ in families for pair in ((husband, wife), (wife, husband))}
    born = {(child, parent) for parents, children in families for child in children for parent in parents}
    siblings = {(one, other) for _, children in families for one, other in permutations(children, 2)}
    elders = {(child, other) for child, parent in born for one, other in siblings if one == parent}
    elders |= {(child, partner) for child, elder in elders for one, partner in married if one == elder}
    pairs = {
        ("husband", "wife"): married,
        ("father", "mother"): born,
        ("son", "daughter"): {pair[::-1] for pair in born},
        ("brother", "sister"): siblings,
        ("uncle", "aunt"): elders,
        ("nephew", "niece"): {pair[::-1] for pair in elders},
    }
    return {(one, names[other not in men], other) for names, related in pairs.items() for one, other in related}


@cache
def questions():
    """The 104 questions and their answers: {(person 1, relationship): people 2}, in the order of Fig. 3's units."""
    facts = set().union(*map(kin, TREES.values()))
    asked = {
        (one, has): tuple(two for two in PEOPLE if (one, has, two) in facts)
        for one, has in product(PEOPLE, RELATIONSHIPS)
    }
    return {question: answers for question, answers in asked.items() if answers}


def case_of(person, relationship):
    """The number of a question, for instance ("Colin", "aunt"). Raises `ValueError` that says what can be asked."""
    checks.one_of("person", person, PEOPLE)
    can_be_asked = [has for one, has in questions() if one == person]
    checks.one_of(f"the relationship asked of {person}", relationship, can_be_asked)
    return list(questions()).index((person, relationship))


def family_trees():
    """The task of Figs 2-4: 104 questions (person 1, relationship), each answered by the people 2: targets 0 and 1.

    Case k is the k-th of `bp.families.questions()`. Units stand for `PEOPLE` and `RELATIONSHIPS`, as in Fig. 3.
    """
    asked = questions()
    inputs = {
        "person 1": np.array([[one == person for person, _ in asked] for one in PEOPLE]),
        "relationship": np.array([[one == relationship for _, relationship in asked] for one in RELATIONSHIPS]),
    }
    return Task(inputs, {"person 2": np.array([[one in answers for answers in asked.values()] for one in PEOPLE])})


def family_network():
    """The five-layer net of Fig. 3: 24 people + 12 relationships -> 6 + 6 -> 12 -> 6 -> 24 people."""
    units = {"person 1": 24, "relationship": 12, "person code": 6, "relationship code": 6}
    units |= {"central": 12, "penultimate": 6, "person 2": 24}
    links = [
        Link("person 1", "person code"),
        Link("relationship", "relationship code"),
        Link("person code", "central"),
        Link("relationship code", "central"),
        Link("central", "penultimate"),
        Link("penultimate", "person 2"),
    ]
    return Network([Layer(*one) for one in units.items()], links)
