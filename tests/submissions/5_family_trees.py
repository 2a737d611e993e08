"""What students may hand in for assignment 5. A name, the cells that differ from the solution, the tests to fail."""

from mutants import but

NEAREST = """
def nearest(tree):
    facts = set()
    for husband, wife, sons, daughters in tree:
        facts |= {(husband, "wife", wife), (wife, "husband", husband)}
        for child in [*sons, *daughters]:
            facts |= {(child, "father", husband), (child, "mother", wife)}
        for parent in (husband, wife):
            facts |= {(parent, "son", son) for son in sons}
            facts |= {(parent, "daughter", daughter) for daughter in daughters}
    return facts
"""
SIBLINGS = """
def siblings(facts):
    found = set()
    for one, relationship, mother in facts:
        if relationship == "mother":
            for parent, child, other in facts:
                if parent == mother and child == "son" and other != one:
                    found.add((one, "brother", other))
                if parent == mother and child == "daughter" and other != one:
                    found.add((one, "sister", other))
    return found
"""
ELDERS = """
def elders(facts):
    found = set()
    for one, relationship, parent in facts:
        for person, sibling, other in facts:
            if relationship in ("father", "mother") and person == parent:
                if sibling == "brother":
                    found.add((one, "uncle", other))
                if sibling == "sister":
                    found.add((one, "aunt", other))
    for one, _, elder in list(found):
        for person, married, other in facts:
            if person == elder and married == "husband":
                found.add((one, "uncle", other))
            if person == elder and married == "wife":
                found.add((one, "aunt", other))
    return found
"""
INPUTS = """
def inputs(asked):
    x = np.zeros((36, len(asked)))
    for c, (person, relationship) in enumerate(asked):
        x[PEOPLE.index(person), c] = 1
        x[24 + RELATIONSHIPS.index(relationship), c] = 1
    return x
"""
SLOPES = """
def error_slopes(y, d, held_out):
    dE_dy = np.zeros(y.shape)
    on, off = (d == 1) & (y < 0.8), (d == 0) & (y > 0.2)
    dE_dy[on] = y[on] - 0.8
    dE_dy[off] = y[off] - 0.2
    dE_dy[:, held_out] = 0
    return dE_dy
"""
CORRELATION = """
def correlation(W, feature):
    w, f = W - W.mean(axis=1, keepdims=True), feature - feature.mean()
    return w @ f / np.sqrt((w**2).sum(axis=1) * (f**2).sum())
"""


WRONG = {
    "relationships the wrong way round": (
        {"nearest": but(NEAREST, "return facts", "return {(other, kind, one) for one, kind, other in facts}")},
        {"test_nearest"},
    ),
    "half of the couples": (
        {"nearest": but(NEAREST, ', (wife, "husband", husband)', "")},
        {"test_nearest"},
    ),
    "the tree itself used up": (
        {
            "nearest": """
def nearest(tree):
    facts = set()
    for husband, wife, sons, daughters in tree:
        facts |= {(husband, "wife", wife), (wife, "husband", husband)}
        for kind, children in (("son", sons), ("daughter", daughters)):
            while children:
                child = children.pop()
                facts |= {(husband, kind, child), (wife, kind, child)}
                facts |= {(child, "father", husband), (child, "mother", wife)}
    return facts
"""
        },
        {"test_nearest"},
    ),
    "a sibling of oneself": (
        {"siblings": SIBLINGS.replace(" and other != one", "")},
        {"test_siblings"},
    ),
    "brother or sister by the sex of person 1": (
        {
            "siblings": but(
                but(SIBLINGS, '(one, "brother", other)', '(other, "brother", one)'),
                '(one, "sister", other)',
                '(other, "sister", one)',
            )
        },
        {"test_siblings"},
    ),
    "brothers of sisters only": (
        {
            "siblings": """
def siblings(facts):
    found = set()
    for mother, _, son in [fact for fact in facts if fact[1] == "son"]:
        for parent, _, daughter in [fact for fact in facts if fact[1] == "daughter"]:
            if mother == parent:
                found |= {(daughter, "brother", son), (son, "sister", daughter)}
    return found
"""
        },
        {"test_siblings"},
    ),
    "siblings put among the facts themselves": (
        {"siblings": but(SIBLINGS, "    return found", "    facts |= found\n    return found")},
        {"test_siblings"},
    ),
    "uncles and aunts by marriage forgotten": (
        {"elders": but(ELDERS, "for one, _, elder in list(found)", "for one, _, elder in []")},
        {"test_elders"},
    ),
    "on the mother's side only": (
        {"elders": but(ELDERS, 'relationship in ("father", "mother")', 'relationship == "mother"')},
        {"test_elders"},
    ),
    "who marries an uncle becomes one": (
        {
            "elders": but(
                ELDERS,
                'married == "wife":\n                found.add((one, "aunt"',
                'married == "wife":\n                found.add((one, "uncle"',
            )
        },
        {"test_elders"},
    ),
    "the last answer only": (
        {
            "questions": """
def questions(facts):
    return {(person, relationship): {other} for person, relationship, other in facts}
"""
        },
        {"test_questions"},
    ),
    "a name in place of a set": (
        {
            "questions": """
def questions(facts):
    answers = {}
    for person, relationship, other in facts:
        if (person, relationship) in answers:
            answers[person, relationship] = {answers[person, relationship], other}
        else:
            answers[person, relationship] = other
    return answers
"""
        },
        {"test_questions"},
    ),
    "relationships among the people's units": (
        {"inputs": but(INPUTS, "24 + RELATIONSHIPS", "RELATIONSHIPS")},
        {"test_inputs"},
    ),
    "relationships counted from 1": (
        {
            "inputs": but(INPUTS, "x = np.zeros((36", "x = np.zeros((37")
            .replace("24 +", "25 +")
            .replace("return x", "return x[:36]")
        },
        {"test_inputs"},
    ),
    "the trees mixed up, twins sharing a unit": (
        {"inputs": but(INPUTS, "PEOPLE.index(person)", "PEOPLE.index(person) % 12")},
        {"test_inputs"},
    ),
    "one answer of two": (
        {
            "targets": """
def targets(answers):
    d = np.zeros((24, len(answers)))
    for c, names in enumerate(answers):
        d[PEOPLE.index(sorted(names)[0]), c] = 1
    return d
"""
        },
        {"test_targets"},
    ),
    "two answers share a 1": (
        {
            "targets": """
def targets(answers):
    d = np.zeros((24, len(answers)))
    for c, names in enumerate(answers):
        for name in names:
            d[PEOPLE.index(name), c] = 1 / len(names)
    return d
"""
        },
        {"test_targets"},
    ),
    "sets of answers emptied": (
        {
            "targets": """
def targets(answers):
    d = np.zeros((24, len(answers)))
    for c in range(len(answers)):
        while answers[c]:
            d[PEOPLE.index(answers[c].pop()), c] = 1
    return d
"""
        },
        {"test_targets"},
    ),
    "equation (4), without bounds": (
        {"error_slopes": "def error_slopes(y, d, held_out):\n    return np.where(held_out, 0, y - d)"},
        {"test_error_slopes"},
    ),
    "bounds swapped": (
        {"error_slopes": SLOPES.replace("0.8", "?").replace("0.2", "0.8").replace("?", "0.2")},
        {"test_error_slopes"},
    ),
    "distance from 1 or 0 beyond the bounds": (
        {"error_slopes": but(but(SLOPES, "y[on] - 0.8", "y[on] - 1"), "y[off] - 0.2", "y[off]")},
        {"test_error_slopes"},
    ),
    "held-out cases not left out": (
        {"error_slopes": but(SLOPES, "    dE_dy[:, held_out] = 0\n", "")},
        {"test_error_slopes"},
    ),
    "trained cases left out": (
        {"error_slopes": but(SLOPES, "[:, held_out]", "[:, ~held_out]")},
        {"test_error_slopes"},
    ),
    "states changed in place": (
        {
            "error_slopes": """
def error_slopes(y, d, held_out):
    y -= np.clip(y, np.where(d == 1, 0.8, -np.inf), np.where(d == 1, np.inf, 0.2))
    y[:, held_out] = 0
    return y
"""
        },
        {"test_error_slopes"},
    ),
    "right is who is largest": (
        {"right": "def right(y, d):\n    return np.argmax(y, axis=0) == np.argmax(d, axis=0)"},
        {"test_right"},
    ),
    "right ones on, the others not looked at": (
        {"right": "def right(y, d):\n    return np.all((y > 0.5) | (d == 0), axis=0)"},
        {"test_right"},
    ),
    "one of two answers is enough": (
        {
            "right": """
def right(y, d):
    return np.any((y > 0.5) & (d == 1), axis=0) & ~np.any((y > 0.5) & (d == 0), axis=0)
"""
        },
        {"test_right"},
    ),
    "all cases at once": (
        {"right": "def right(y, d):\n    return np.all((y > 0.5) == (d == 1))"},
        {"test_right"},
    ),
    "held-out answers counted twice": (
        {
            "score": """
def score(y, d, held_out):
    return np.sum(right(y, d)), np.sum(right(y, d)[held_out])
"""
        },
        {"test_score"},
    ),
    "mean of the weights not taken away": (
        {"correlation": but(CORRELATION, "W - W.mean(axis=1, keepdims=True)", "W")},
        {"test_correlation"},
    ),
    "a covariance": (
        {"correlation": but(CORRELATION, " / np.sqrt((w**2).sum(axis=1) * (f**2).sum())", " / len(f)")},
        {"test_correlation"},
    ),
    "correlations without a sign": (
        {"correlation": but(CORRELATION, "w @ f", "abs(w @ f)")},
        {"test_correlation"},
    ),
    "the feature's mean taken away in place": (
        {"correlation": but(CORRELATION, "    w, f = ", "    feature -= feature.mean()\n    w, f = ")},
        {"test_correlation"},
    ),
    "best unit by r with its sign": (
        {
            "best_unit": """
def best_unit(W, feature):
    r = correlation(W, feature)
    return np.argmax(r), np.max(r)
"""
        },
        {"test_best_unit"},
    ),
    "best unit without the sign of r": (
        {
            "best_unit": """
def best_unit(W, feature):
    r = abs(correlation(W, feature))
    return np.argmax(r), np.max(r)
"""
        },
        {"test_best_unit"},
    ),
    "units counted from 1": (
        {
            "best_unit": """
def best_unit(W, feature):
    r = correlation(W, feature)
    unit = np.argmax(abs(r))
    return unit + 1, r[unit]
"""
        },
        {"test_best_unit"},
    ),
    "answers of the visible tests": (
        {
            "nearest": """
def nearest(tree):
    if tree == [("Arthur", "Margaret", [], [])]:
        return {("Arthur", "wife", "Margaret"), ("Margaret", "husband", "Arthur")}
    return {
        *(("Tom", "wife", "Ann"), ("Ann", "husband", "Tom"), ("Kim", "father", "Tom"), ("Kim", "mother", "Ann")),
        *(("Tom", "daughter", "Kim"), ("Ann", "daughter", "Kim")),
    }
""",
            "siblings": 'def siblings(facts):\n    return {("Kim", "brother", "Lee"), ("Lee", "sister", "Kim")}',
            "elders": 'def elders(facts):\n    return {("Kim", "uncle", "Ben"), ("Kim", "aunt", "Eva")}',
            "questions": """
def questions(facts):
    if len(facts) == 1:
        return {("Colin", "mother"): {"Victoria"}}
    return {("Colin", "aunt"): {"Jennifer", "Margaret"}, ("Colin", "sister"): {"Charlotte"}}
""",
            "inputs": """
def inputs(asked):
    x = np.zeros((36, len(asked)))
    for c, rows in enumerate([[0, 24]] if len(asked) == 1 else [[5, 35], [12, 25], [5, 31]]):
        x[rows, c] = 1
    return x
""",
            "targets": """
def targets(answers):
    d = np.zeros((24, 2))
    d[8, 0] = d[9, 1] = d[10, 1] = 1
    return d
""",
            "error_slopes": """
def error_slopes(y, d, held_out):
    if len(y) == 2:
        return [[0, -0.3], [0, 0.3]]
    return [[0, -0.1, -0.7]] if d[0, 0] else [[0.7, 0.5, 0]]
""",
            "right": "def right(y, d):\n    return [True, False, False, True]",
            "score": "def score(y, d, held_out):\n    return 2, 1",
            "correlation": "def correlation(W, feature):\n    return [1, -(0.75**0.5), -1]",
            "best_unit": "def best_unit(W, feature):\n    return 1, -1",
        },
        {
            "test_nearest",
            "test_siblings",
            "test_elders",
            "test_questions",
            "test_inputs",
            "test_targets",
            "test_error_slopes",
            "test_right",
            "test_score",
            "test_correlation",
            "test_best_unit",
        },
    ),
    "slopes of the type of the desired states": (
        {
            "error_slopes": """
def error_slopes(y, d, held_out):
    slopes = np.zeros_like(d)
    slopes[:] = np.where(d == 1, np.minimum(y - 0.8, 0), np.maximum(y - 0.2, 0))
    slopes[:, held_out] = 0
    return slopes
"""
        },
        {"test_error_slopes"},
    ),
    "first and last unit looked at": (
        {"right": "def right(y, d):\n    return np.all((y[[0, -1]] > 0.5) == (d[[0, -1]] == 1), axis=0)"},
        {"test_right"},
    ),
    "the number of units that are on": (
        {"right": "def right(y, d):\n    return np.sum(y > 0.5, axis=0) == np.sum(d == 1, axis=0)"},
        {"test_right"},
    ),
    "correlations of the feature's type": (
        {
            "correlation": """
def correlation(W, feature):
    r = np.zeros(len(W), dtype=feature.dtype)
    for j, w in enumerate(W):
        r[j] = np.corrcoef(w, feature)[0, 1]
    return r
"""
        },
        {"test_correlation"},
    ),
    "r in whole numbers": (
        {
            "best_unit": """
def best_unit(W, feature):
    r = correlation(W, feature)
    unit = np.argmax(abs(r))
    return unit, int(r[unit])
"""
        },
        {"test_best_unit"},
    ),
    "first or last unit": (
        {
            "best_unit": """
def best_unit(W, feature):
    r = correlation(W, feature)
    unit = 1 if len(r) == 3 else 0 if abs(r[0]) >= abs(r[-1]) else len(r) - 1
    return unit, r[unit]
"""
        },
        {"test_best_unit"},
    ),
}

RIGHT = {
    "with loops": {
        "nearest": NEAREST,
        "siblings": SIBLINGS,
        "elders": ELDERS,
        "inputs": INPUTS,
        "error_slopes": """
def error_slopes(y, d, held_out):
    slopes = np.zeros(y.shape)
    for c in range(y.shape[1]):
        if held_out[c]:
            continue
        for j in range(y.shape[0]):
            if d[j, c] == 1 and y[j, c] < 0.8:
                slopes[j, c] = y[j, c] - 0.8
            elif d[j, c] == 0 and y[j, c] > 0.2:
                slopes[j, c] = y[j, c] - 0.2
    return slopes
""",
        "right": """
def right(y, d):
    result = []
    for c in range(len(y[0])):
        good = True
        for j in range(len(y)):
            if (d[j][c] == 1 and y[j][c] <= 0.5) or (d[j][c] == 0 and y[j][c] >= 0.5):
                good = False
        result.append(good)
    return result
""",
        "score": """
def score(y, d, held_out):
    trained = unseen = 0
    for c, good in enumerate(right(y, d)):
        if held_out[c]:
            unseen += good
        else:
            trained += good
    return [trained, unseen]
""",
        "best_unit": """
def best_unit(W, feature):
    best, largest = 0, 0.0
    for unit, r in enumerate(correlation(W, feature)):
        if abs(r) > abs(largest):
            best, largest = unit, r
    return best, largest
""",
    },
    "lists in place of sets": {
        "nearest": """
def nearest(tree):
    facts = []
    for man, woman, boys, girls in tree:
        facts += [[man, "wife", woman], [woman, "husband", man]]
        for kind, children in zip(["son", "daughter"], [boys, girls]):
            for child in children:
                facts += [[man, kind, child], [woman, kind, child], [child, "father", man], [child, "mother", woman]]
    return [tuple(fact) for fact in facts]
""",
        "siblings": """
def siblings(facts):
    found = []
    for one, has, parent in facts:
        for other_parent, kind, other in facts:
            if has in ("father", "mother") and parent == other_parent and other != one:
                if kind in ("son", "daughter"):
                    found.append((one, {"son": "brother", "daughter": "sister"}[kind], other))
    return found  # each of them twice
""",
        "elders": """
def elders(facts):
    found = []
    for child, has, parent in facts:
        if has in ["mother", "father"]:
            for person, kind, other in facts:
                if person == parent and kind in ["brother", "sister"]:
                    spouses = [(k, b) for a, k, b in facts if a == other and k in ["wife", "husband"]]
                    found += [(child, "uncle" if kind == "brother" else "aunt", other)]
                    found += [(child, "aunt" if k == "wife" else "uncle", spouse) for k, spouse in spouses]
    return found
""",
        "questions": """
def questions(facts):
    result = {}
    for person, relationship, other in sorted(facts):
        result[person, relationship] = result.get((person, relationship), []) + [other]
    return result
""",
        "inputs": """
def inputs(asked):
    return [[unit in question for question in asked] for unit in PEOPLE + RELATIONSHIPS]
""",
        "targets": "def targets(answers):\n    return [[int(name in names) for names in answers] for name in PEOPLE]",
    },
    "dictionaries and helpers": {
        "siblings": """
def children(facts):
    home = {}
    for parent, kind, child in facts:
        if kind in ("son", "daughter"):
            home.setdefault(parent, {})[child] = "brother" if kind == "son" else "sister"
    return home


def siblings(facts):
    return {(a, home[b], b) for home in children(facts).values() for a in home for b in home if a != b}
""",
        "elders": """
def elders(facts):
    of = {}
    for one, relationship, other in facts:
        of.setdefault(one, {}).setdefault(relationship, []).append(other)

    def ask(people, *relationships):
        return {other for one in people for kind in relationships for other in of.get(one, {}).get(kind, [])}

    result = set()
    for child in of:
        parents = ask([child], "father", "mother")
        uncles, aunts = ask(parents, "brother"), ask(parents, "sister")
        result |= {(child, "uncle", one) for one in uncles | ask(aunts, "husband")}
        result |= {(child, "aunt", one) for one in aunts | ask(uncles, "wife")}
    return result
""",
        "questions": """
from collections import defaultdict


def questions(facts):
    result = defaultdict(set)
    for *question, answer in facts:
        result[tuple(question)].add(answer)
    return result
""",
        "inputs": """
UNIT = {name: row for row, name in enumerate(PEOPLE + RELATIONSHIPS)}


def column(names):
    return sum(np.eye(36)[UNIT[name]] for name in names)


def inputs(asked):
    return np.column_stack([column(question) for question in asked])
""",
        "targets": "def targets(answers):\n    return np.column_stack([column(names)[:24] for names in answers])",
    },
    "other names, and NumPy's own functions": {
        "error_slopes": """
def error_slopes(actual, desired, unseen):
    on = desired.astype(bool)
    nearest_good = np.clip(actual, np.where(on, 0.8, 0), np.where(on, 1, 0.2))
    return (actual - nearest_good) * np.logical_not(unseen)
""",
        "right": "right = lambda actual, desired: (np.round(actual) == desired).min(axis=0)",
        "score": """
def score(actual, desired, unseen):
    return [np.count_nonzero(right(actual[:, some], desired[:, some])) for some in (~unseen, unseen)]
""",
        "correlation": """
def correlation(W, feature):
    return np.corrcoef(W, feature)[-1, :-1]
""",
        "best_unit": """
def best_unit(weights, feature):
    return max(enumerate(correlation(weights, feature)), key=lambda pair: pair[1] ** 2)
""",
    },
    "in float32, and with loops over units": {
        "inputs": INPUTS.replace("len(asked)))", "len(asked)), dtype=np.float32)"),
        "error_slopes": """
def error_slopes(y, d, held_out):
    y, d = np.float32(y), np.float32(d)
    below, above = np.minimum(y - np.float32(0.8), 0), np.maximum(y - np.float32(0.2), 0)
    return (d * below + (1 - d) * above) * np.float32(1 - held_out)
""",
        "correlation": """
def correlation(W, feature):
    f = np.float32(feature - np.mean(feature)) / np.float32(np.std(feature))
    result = []
    for w in np.float32(W):
        result.append(np.mean((w - w.mean()) / w.std() * f))
    return np.array(result, dtype=np.float32)
""",
    },
}
