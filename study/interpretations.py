"""The training procedure of the family trees, as far as the texts leave it open: its interpretations, and a search.

An interpretation is a label; what it does is said here, once. The first of each kind is the printed one, or the
plainest. A combination names the kinds in which it departs from the first.
"""

from dataclasses import dataclass, replace
from itertools import combinations as subsets
from itertools import pairwise, product
from math import log

import numpy as np
import pandas as pd

from bp import (
    ErrorRule,
    Link,
    Network,
    Task,
    family_network,
    hinge,
    logistic,
    right,
    squared,
    tanh,
    train,
)
from bp.families import PEOPLE, case_of

from .codes import FEATURES, correlation
from .family_trees import FAMILIES, PRINTED, RULES, at_random, experiment, questions_right, schedule
from .survey import Experiment

two_sided = tanh.with_gain(0.5)  # 2 logistic(x) - 1


def without_slope(rule):
    """An error rule that leaves y (1 - y) of the output units out: ∂E/∂x = ∂E/∂y, in place of (5)."""

    def derivative(d):
        of_rule = rule.derivative(d)
        return lambda y, out: np.divide(of_rule(y, out), np.maximum(y * (1 - y), 1e-9), out)

    return ErrorRule(f"{rule}, no slope", derivative)


def by_fan_in(net):
    """The range 2 / √(fan-in) of the initial weights."""
    return 2 / np.sqrt(fan_in(net))


def above_the_codes(net):
    """The range 0.3 of the weights from the input units, and 1 of all others."""
    limit = np.ones((1, net.size))
    for link in net.links:
        if link.source in ("person 1", "relationship"):
            net.matrices(limit)[link.weights][:] = 0.3
    return limit


INTERPRETATIONS = {
    "error": {name: (rule, 0, 1) for name, rule in RULES.items() if name != "squared"}  # and the targets
    | {"hinge at 0.1 / 0.9": (hinge(0.1), 0, 1), "hinge at 0.4 / 0.6": (hinge(0.4), 0, 1)}
    | {f"squared, {low:g} / {high:g}": (squared, low, high) for low, high in ((0, 1), (0.1, 0.9), (0.2, 0.8))},
    "cases": {"104 questions": False, "112 triples": True},
    "gradient": {"(3)": 1, "no half": 2, "mean over cases": 1 / 100},
    "slope": {  # a factor for each layer that the error comes through; whether the output units have a slope
        "y (1 - y)": (1, True),
        "4 y (1 - y)": (4, True),
        "none at the outputs": (1, False),
    },
    "update": {  # after each case, and whether decay then comes after each case, too
        "each sweep": (False, True),
        "each case": (True, True),
        "each case, decay each sweep": (True, False),
    },
    "decay": {  # of weights, of biases, and the sweeps before it begins
        "0.2%": (0.002, 0.002, 0),
        "0.2%, weights only": (0.002, 0.0, 0),
        "0.2%, in the gradient": (0.02, 0.02, 0),  # momentum adds it up, to 1 / (1 - α) times as much
        "0.2%, after 573 sweeps": (0.002, 0.002, 573),
        "none": (0.0, 0.0, 0),
    },
    "range": {"±0.3": 0.3, "±0.1": 0.1, "±0.5": 0.5, "±1": 1.0, "±2": 2.0}  # of the initial weights
    | {"±2 / √fan-in": by_fan_in, "±1 above the codes": above_the_codes},
    "biases": {  # of the range; of the output units, what they start at
        "as weights": (-1, 1, None),
        "zero": (0, 0, None),
        "negative": (-1, 0, None),
        "outputs at the base rate": (-1, 1, log(112 / (24 * 104 - 112))),
        "absent": None,
    },
    "rates": {"one": None, "24 / fan-in": 24, "6 / fan-in": 6},
    "units": {  # hidden and output
        "logistic": (logistic, logistic),
        "2 logistic - 1": (two_sided, logistic),
        "tanh": (tanh, logistic),
    }
    | {f"gain {gain}": (logistic.with_gain(gain),) * 2 for gain in (2, 3, 4)},
    "inputs": {"0 / 1": (0, 1), "-1 / 1": (-1, 1), "0 / 3": (0, 3)},
    "connections": {"to its six": False, "to all twelve": True},  # from each group of input units
    "start": {  # smaller sweeps, and whether the velocity is lost after them
        "20 smaller sweeps": (20, False),
        "no smaller sweeps": (0, False),
        "velocity lost at sweep 20": (20, True),
    },
}
FIRST = {kind: next(iter(labels)) for kind, labels in INTERPRETATIONS.items()}
HINTED = {  # by a text of the same laboratory and year
    *("dead zone", "112 triples"),  # the paper's own words
    *("±0.1", "±0.5", "±1", "±2"),  # "several values were tried": Hinton, CogSci 1986, p. 12
    *("24 / fan-in", "6 / fan-in"),  # Plaut, Nowlan & Hinton, CMU-CS-86-126
}
OPEN = {  # no text says anything
    *("dead zone, whole cases", "±2 / √fan-in", "±1 above the codes", "0.2%, weights only", "0.2%, after 573 sweeps"),
    *("zero", "negative", "outputs at the base rate", "absent", "-1 / 1", "0 / 3", "velocity lost at sweep 20"),
}
CODES = ("nationality", "generation", "branch", "sex")


# ---------------------------------------------------------------- what the labels do


def meaning(labels):
    """What the `labels`, by kind, stand for, and the printed ones for all other kinds."""
    return {kind: INTERPRETATIONS[kind][label] for kind, label in (FIRST | labels).items()}


def procedure(epsilon=0.01, sweeps=1500, measures=(), **labels):
    """The family trees by an interpretation of the training procedure."""
    of, net = meaning(labels), family_network()
    if of["connections"]:
        crossed = [Link("person 1", "relationship code"), Link("relationship", "person code")]
        net = Network(net.layers, [*net.links, *crossed])
    phases = schedule(epsilon, sweeps, of["start"][0])
    if of["start"][1]:
        begun, rest = phases
        phases = [begun, rest | {"sweeps": 1, "alpha": 0.0}, rest | {"sweeps": rest["sweeps"] - 1}]
    return _experiment(net, lambda seeds: cases_of(seeds, of), FAMILIES.cases, phases, measures, of)


def cases_of(seeds, of):
    """The questions, of which each seed holds out four; or the triples, of which it holds out those of its four."""
    held_out = at_random(FAMILIES, 4)(seeds).held_out
    d, question = FAMILIES.targets["person 2"], np.arange(FAMILIES.cases)
    if of["cases"]:
        answer, question = np.nonzero(d)
        others = d[:, question] == 1
        d = np.where(others & (np.arange(24)[:, None] != answer), np.nan, others)  # the other answer does not count
    inputs = {name: np.where(on, *of["inputs"][::-1])[:, question] for name, on in FAMILIES.inputs.items()}
    return _targets(Task(inputs, {"person 2": d}, held_out[:, question]), of)


def _targets(task, of):
    _, low, high = of["error"]
    return replace(task, targets={name: np.where(d == 1, high, d + low) for name, d in task.targets.items()})


def _experiment(net, task, cases, phases, measures, of):
    (error, low, high), (steeper, sloped), (each_case, decay_each) = of["error"], of["slope"], of["update"]
    net = _net(net, of)
    rates = of["gradient"] * (1 if of["rates"] is None else of["rates"] / fan_in(net))
    rates = rates if steeper == 1 else rates * float(steeper) ** height(net)
    weights, biases, before = of["decay"]
    if not decay_each:
        weights, biases = (1 - (1 - part) ** (1 / 100) for part in (weights, biases))
    decay = by_kind(net, weights, biases)
    rest = {
        "error": error if sloped else without_slope(error),
        "tolerance": [(high - low) / 2, 0.21],
        "order": list(range(112 if of["cases"] else cases)) if each_case else None,
    }
    phases = [phase | rest | {"epsilon": phase["epsilon"] * rates} for phase in phases]
    free, decayed = parted(phases, before)
    phases = [phase | {"decay": 0.0} for phase in free] + [phase | {"decay": decay} for phase in decayed]
    return Experiment(net, task, phases, measures, _limit(net, of))


def _net(net, of):
    """The net with its units, and without biases if they are absent."""
    hidden, output = of["units"]
    layers = [
        replace(
            layer,
            activation=output if layer.name.startswith(("output", "person 2")) else hidden,
            bias=None if of["biases"] is None else layer.bias,
        )
        for layer in net.layers
    ]
    return Network(layers, net.links)


def _limit(net, of):
    """The lower and the upper bound of the initial weights and biases."""
    low, high, output = of["biases"] or (0, 0, None)
    limit = of["range"](net) if callable(of["range"]) else of["range"]
    bounds = [limit * by_kind(net, sign, bias) for sign, bias in ((-1, low), (1, high))]
    if output is not None:
        bounds = [np.full((1, net.size), bound) for bound in bounds]
        for bound in bounds:
            net.matrices(bound)["person 2"][:] = output
    return tuple(bounds)


def parted(phases, at):
    """The phases of a schedule up to so many sweeps, and those that follow."""
    before, after, begun = [], [], 0
    for phase in phases:
        early = int(np.clip(at - begun, 0, phase["sweeps"]))
        before += [phase | {"sweeps": early}] if early else []
        after += [phase | {"sweeps": phase["sweeps"] - early}] if early < phase["sweeps"] else []
        begun += phase["sweeps"]
    return before, after


def by_kind(net, weights, biases):
    """One number for all weights and one for all biases, `(1, size)`; a plain number if they are the same."""
    rates = np.full((1, net.size), float(weights))
    for name, part in net.matrices(rates).items():
        if len(net.shapes[name]) == 1:
            part[:] = biases
    return rates if biases != weights else float(weights)


def fan_in(net):
    """How many units each weight's target listens to, `(1, size)`; of a bias, the unit's own."""
    heard = {}
    for link in net.links:
        heard[link.target] = heard.get(link.target, 0) + net.units[link.source]
    return _by_target(net, heard)


def height(net):
    """How many slopes stand between each weight and the error, `(1, size)`: one for the weights to the outputs."""
    above = {}
    for layer in reversed(net.layers):
        above[layer.name] = 1 + max([above[link.target] for link in net.links if link.source == layer.name], default=0)
    return _by_target(net, above)


def _by_target(net, numbers):
    """Of each weight and bias the number that belongs to the layer that it leads to, `(1, size)`."""
    found = np.ones((1, net.size))
    parts = net.matrices(found)
    for link in net.links:
        parts[link.weights][:] = numbers[link.target]
    for name, bias in net.biases.items():
        parts[bias][:] = numbers[name]
    return found


# ---------------------------------------------------------------- the search

TRIED = range(20)  # the seeds of each combination
SCREENED = 500  # sweeps after which a run without one right answer may be ended
SLOW = {"none at the outputs", "each case", "each case, decay each sweep"}  # to compute


def combinations(number, kinds=tuple(INTERPRETATIONS), but=()):
    """All combinations of so many departures of different kinds, but for some labels and those without decay."""
    labels = {
        kind: [label for label in INTERPRETATIONS[kind] if label not in {*but, FIRST[kind], "none"}] for kind in kinds
    }
    for kinds in subsets(labels, number):
        for chosen in product(*(labels[kind] for kind in kinds)):
            found = dict(zip(kinds, chosen, strict=True))
            if found.get("biases") != "absent" or found.get("decay") != "0.2%, weights only":
                yield found


def undecayed(number):
    """The same without decay, which is no departure then."""
    kinds = [kind for kind in INTERPRETATIONS if kind != "decay"]
    return [found | {"decay": "none"} for found in combinations(number, kinds, SLOW)]


def beyond(found, number):
    """A combination with so many more departures that contradict no text."""
    kinds = [kind for kind in INTERPRETATIONS if kind not in found]
    for more in combinations(number, kinds):
        if set(more.values()) <= HINTED | OPEN:
            yield found | more


LARGER_INPUTS = {"range": "±2", "rates": "24 / fan-in", "inputs": "0 / 3"}  # the best triple that contradicts no text
SEARCHED = {  # the combinations of each survey, and whether its runs may be ended
    "search": ([{}, *combinations(1, but=SLOW), *combinations(2, but=SLOW)], False),
    "search_slow": ([one for one in combinations(1) if SLOW & set(one.values())], True),
    "search_triples": (list(combinations(3, but=SLOW)), True),
    "search_beyond": ([*beyond(LARGER_INPUTS, 1), *beyond(LARGER_INPUTS, 2)], False),
    "search_undecayed": ([*undecayed(0), *undecayed(1), *undecayed(2)], False),
}


@dataclass(frozen=True)
class Search(Experiment):
    """A survey of combinations, a row each: `seed` is the number of a combination, which has runs of its own.

    With `ended`, runs without one right answer after 500 sweeps are ended.
    """

    combinations: tuple = ()
    ended: bool = False

    def bound(self, measures=None):
        """Whether some combinations have an error rule that bp does not know."""
        return any(one.get("slope") == "none at the outputs" for one in self.combinations)

    def rows(self, seeds):
        """What became of the runs of each combination."""
        chosen = tuple(self.combinations[number] for number in seeds)
        found = [{"seed": number} | self.tried(labels) for number, labels in zip(seeds, chosen, strict=True)]
        table = pd.DataFrame(found)
        table.attrs["bound"] = list(table.columns[1:]) if replace(self, combinations=chosen).bound() else []
        return table

    def tried(self, labels):
        """The runs of a combination: how many, how many have an answer right after 500 sweeps, how many learn, how
        many of these had none right then, and the questions right at the end, of the median run and of the best."""
        early, late = outcomes(procedure(**labels), TRIED, self.ended)
        learned = late == 100
        return {
            "runs": len(late),
            "begun": np.count_nonzero(early),
            "learned": np.count_nonzero(learned),
            "learned late": np.count_nonzero(learned & (early == 0)),
            "right": int(np.median(late)),
            "most": late.max(),
        }


def outcomes(made, seeds, ended):
    """Training questions right after 500 sweeps, and at the end; with `ended`, 0 at the end for those with none."""
    before, after = parted(made.recipe, SCREENED)
    begun = replace(made, recipe=before).run(seeds)
    early = right_of(begun)["trained right by half"]
    late, going = np.zeros_like(early), np.flatnonzero(early) if ended else np.arange(len(seeds))
    if len(going):
        task, fit = begun.task.of_runs(going), begun.fit[going]
        for phase in after:
            fit = train(made.net, fit, task, **{"record": 0, "progress": False} | phase)
        runs = replace(begun, seeds=np.array(seeds)[going].tolist(), task=task, fit=fit)
        late[going] = right_of(runs)["trained right by half"]
    return early, late


def asked(runs):
    """The runs, with the 104 questions as their task, in the code of their inputs, and with finite weights."""
    codes = {name: (states.min(), states.max()) for name, states in runs.task.inputs.items()}
    inputs = {name: np.where(on, *codes[name][::-1]) for name, on in FAMILIES.inputs.items()}
    task = replace(at_random(FAMILIES, 4)(runs.seeds), inputs=inputs)
    return replace(
        runs, task=task, fit=replace(runs.fit, weights=np.where(runs.fit.diverged[:, None], 0, runs.fit.weights))
    )


def right_of(runs):
    """Questions right, of the 100 that are trained and of the 4 held out."""
    return questions_right(asked(runs))


# ---------------------------------------------------------------- what trains, with fresh seeds


FINALISTS = [  # the best of each distance and word of the texts, nearest to print first
    {"units": "gain 3"},
    {"units": "gain 4"},
    {"slope": "4 y (1 - y)"},
    {"biases": "absent", "units": "gain 4"},
    {"units": "gain 3", "inputs": "0 / 3"},
    {"units": "gain 4", "inputs": "0 / 3"},
    {"range": "±2", "rates": "24 / fan-in"},
    {"cases": "112 triples", "range": "±0.5", "units": "gain 3"},
    {"range": "±0.5", "units": "gain 3", "connections": "to all twelve"},
    {"gradient": "no half", "biases": "absent", "units": "gain 3"},
    {"range": "±1", "rates": "24 / fan-in", "inputs": "0 / 3"},
    {"cases": "112 triples", "range": "±2", "rates": "24 / fan-in"},
    {"range": "±2", "rates": "24 / fan-in", "inputs": "-1 / 1"},
    {"range": "±2", "rates": "24 / fan-in", "inputs": "0 / 3"},
    LARGER_INPUTS | {"biases": "outputs at the base rate"},
    LARGER_INPUTS | {"biases": "zero"},
    LARGER_INPUTS | {"error": "dead zone"},
    LARGER_INPUTS | {"decay": "0.2%, weights only", "biases": "zero"},
    LARGER_INPUTS | {"decay": "0.2%, weights only", "biases": "outputs at the base rate"},
    LARGER_INPUTS | {"decay": "0.2%, weights only", "biases": "negative"},
]


def finalist(number):
    """One of the combinations that the search found, with all that is measured of it."""
    return procedure(measures=[scores, aunts], **FINALISTS[number])


def scores(runs):
    """Questions right; |r| of a feature with the unit that fits best (Fig. 4)."""
    runs = asked(runs)
    W = runs.net.matrices(runs.fit.weights)["person 1->person code"]
    best = {name: np.abs(correlation(W, FEATURES[name])).max(axis=1).round(3) for name in CODES}
    return questions_right(runs) | {f"r {name}": r for name, r in best.items()}


def aunts(runs):
    """Fig. 3: the states of Colin's aunts, to four digits, and whether they lead."""
    runs, case = asked(runs), case_of("Colin", "aunt")
    task, w = runs.task.of_case(case), runs.fit.weights
    y = runs.net.forward(w, task.inputs)["person 2"][..., 0]
    found = {f"y {name}": y[:, PEOPLE.index(name)].round(4) for name in ("Jennifer", "Margaret")}
    return found | {"aunts lead": right(runs.net, w, task, by="largest")[:, 0]}


# ---------------------------------------------------------------- two printed numbers


def region(epsilon=0.01, limit=0.3, decay=0.0, gain=1):
    """The printed training procedure with other numbers, and a gain of the logistic function."""
    made = experiment(measures=[learned, negligible_at, aunts], **PRINTED | {"epsilon": epsilon, "decay": decay})
    layers = [replace(layer, activation=logistic.with_gain(gain)) for layer in made.net.layers]
    first, then = made.recipe
    return replace(made, net=Network(layers, made.net.links), recipe=[first, then | {"record": 5}], limit=limit)


def learned(runs):
    """Whether a run has its 100 training questions right."""
    return {"learned": right_of(runs)["trained right by half"] == 100}


# All outputs are at 0.2, which the hinge allows those that should be off; the others are 0.6 short of 0.8.
ON_PLATEAU = 0.6 * 0.6 / 2 * FAMILIES.targets["person 2"].sum()


def negligible_at(runs):
    """When E, looked at every five sweeps, is first below 1% of what it is on the plateau (-1: never)."""
    below = runs.fit.error < 0.01 * ON_PLATEAU
    return {"negligible at": np.where(below.any(axis=0), runs.fit.recorded_at[below.argmax(axis=0)], -1)}


# ---------------------------------------------------------------- the plateau


def net_of_depth(depth):
    """The five-layer net, which has 4 matrices between a person and the answer, with fewer (2, 3) or more (5)."""
    net = family_network()
    if depth == 4:
        return net
    layer = {layer.name: layer for layer in net.layers}
    above = {2: [], 3: ["central"], 5: ["central", "second central", "penultimate"]}[depth]
    middle = [replace(layer.get(name, layer["central"]), name=name) for name in above]
    layers = [*net.layers[:4], *middle, layer["person 2"]]
    heights = [["person code", "relationship code"], *([one.name] for one in layers[4:])]
    links = [link for link in net.links if link.source in ("person 1", "relationship")]
    links += [Link(source, target) for below, (target,) in pairwise(heights) for source in below]
    return Network(layers, links)


def plateau_experiment(depth, epsilon, limit, decay):
    """All 104 questions with the hinge, long enough to leave the plateau on which all are answered alike."""
    rest = {"decay": decay, "error": RULES["hinge"]}
    first, then = schedule(epsilon, 20 + (3000 if decay else int(60 / epsilon)))
    return Experiment(net_of_depth(depth), FAMILIES, [first | rest, then | rest | {"record": 10}], [left_at], limit)


def left_at(runs):
    """When E, looked at every ten sweeps, is first below nine tenths of what it is on the plateau (-1: never).

    There all outputs are at 0.2, which the hinge allows those that should be off; the others are 0.6 short of 0.8.
    """
    on_plateau = 0.6 * 0.6 / 2 * FAMILIES.targets["person 2"].sum()
    left = runs.fit.error < 0.9 * on_plateau
    return {"left at": np.where(left.any(axis=0), runs.fit.recorded_at[left.argmax(axis=0)], -1)}
