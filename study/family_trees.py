"""Figs 2-4: the family trees, thousands of times, and what is measured of the nets."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import scipy  # its stats at first use: see statistics.py

from bp import Layer, Link, Network, Task, checks, dead_zone, family_network, family_trees, hinge, right, squared, train
from bp.families import PEOPLE, RELATIONSHIPS, TWINS, case_of, questions

from .codes import correlation
from .survey import Experiment

FAMILIES = family_trees()
# Fig. 4, caption; the range of the weights and the hinge: Hinton, CogSci 1986, pp. 11-12
PRINTED = {"epsilon": 0.01, "decay": 0.002, "error": hinge(0.2), "limit": 0.3}
OURS = PRINTED | {"epsilon": 0.1, "limit": 1.0}  # the nearest that trains


RULES = {  # how "the error was considered to be zero if ..." can be read
    "hinge": hinge(0.2),
    "dead zone": dead_zone(0.2),
    "dead zone, whole cases": dead_zone(0.2, whole_cases=True),
    "squared": squared,
}


def experiment(held_out=4, sweeps=1500, measures=(), epsilon=0.01, decay=0.0, error=squared, limit=0.3):
    """The net of Fig. 3 on the questions that are not held out: by number, or so many, drawn by each run's seed."""
    task = at_random(FAMILIES, held_out) if isinstance(held_out, int) else FAMILIES.hold_out(held_out)
    rest = {"decay": decay, "error": error, "tolerance": [0.5, 0.25, 0.21]}
    phases = [phase | rest for phase in schedule(epsilon, sweeps)]
    return Experiment(family_network(), task, phases, measures, limit)


def schedule(epsilon, sweeps, start=20):
    """The phases of Fig. 4's caption: the first sweeps, 20 as printed or none, take half of ε, and α = 0.5."""
    first = [{"sweeps": start, "epsilon": epsilon / 2, "alpha": 0.5}] if start else []
    return [*first, {"sweeps": sweeps - start, "epsilon": epsilon, "alpha": 0.9}]


def at_random(task, count):
    """A task of some seeds, in which each run holds out so many cases that its seed draws."""

    def split(seeds):
        return task.hold_out([np.random.default_rng(seed).choice(task.cases, count, replace=False) for seed in seeds])

    return split


def printed(rule, decay, sweeps):
    """The printed procedure under one of the readings of the error."""
    recipe = PRINTED | {"error": RULES[rule], "decay": decay}
    return experiment(sweeps=sweeps, measures=[questions_right], **recipe)


def measured(decay):
    """Our procedure, and all that Figs 3 and 4 show of a run."""
    return experiment(measures=[questions_right, twins, balance, usefulness, codes, colin], **OURS | {"decay": decay})


def narrow(decay):
    """Our procedure from the printed range of the initial weights, for 3,000 sweeps: many runs need more than 1,500."""
    return experiment(sweeps=3000, measures=[questions_right, codes], **OURS | {"decay": decay, "limit": 0.3})


def questions_held_out(held_out):
    """Our procedure, with so many questions held out, drawn by each run's seed, or those that are named."""
    if isinstance(held_out, str):
        asked = [f"{person} {relationship}" for person, relationship in questions()]
        held_out = [asked.index(question) for question in held_out.split(", ")]
    return experiment(held_out, measures=[questions_right], **OURS)


def those_of_fig_8():
    """All sets of four questions whose answers are Andrew, Victoria, Lucia and Lucia (Hinton, CogSci 1986, Fig. 8)."""
    asking = {
        name: [" ".join(asked) for asked, answers in questions().items() if answers == (name,)] for name in PEOPLE
    }
    pairs = product(asking["Andrew"], asking["Victoria"], combinations(asking["Lucia"], 2))
    return [", ".join([first, second, *two]) for first, second, two in pairs]


def a_split(number, held_out=4):
    """The names of so many questions, drawn at random by a number: a split that several seeds can share."""
    asked = [" ".join(question) for question in questions()]
    return ", ".join(asked[case] for case in np.random.default_rng(number).choice(len(asked), held_out, replace=False))


def error_followed():
    """Our procedure without decay, with E recorded at every sweep, and the sweeps at which E has become small."""
    return recorded(experiment(measures=[questions_right, negligible], **OURS | {"decay": 0.0}), record=1)


def by_rule(rule, decay):
    """Our procedure with another error rule or without decay: what is right, how large weights and outputs become."""
    return experiment(
        measures=[questions_right, outputs_beyond, sizes], **OURS | {"error": RULES[rule], "decay": decay}
    )


def without_hidden_layers(epsilon, decay):
    """A net whose 36 input units are connected directly to the 24 output units, on the questions of our procedure."""
    layers = [Layer("person 1", 24), Layer("relationship", 12), Layer("person 2", 24)]
    net = Network(layers, [Link("person 1", "person 2"), Link("relationship", "person 2")])
    ours = experiment(measures=[questions_right], **OURS | {"epsilon": epsilon, "decay": decay})
    return replace(ours, net=net)


# ---------------------------------------------------------------- does the second tree help?

ENGLISH_ALONE, BOTH = "English tree alone", "both trees"
COUNTERPARTS, SCRAMBLED, RENAMED = "counterparts held out", "Italian answers scrambled", "Italian relationships renamed"
ARMS = (ENGLISH_ALONE, BOTH, COUNTERPARTS, SCRAMBLED, RENAMED)


def second_tree(arm, held_out=4, epsilon=0.1, sweeps=(1500, 3000)):
    """Our procedure with so many English questions held out, the same ones in all arms, and an Italian tree by the arm.

    - English tree alone: no Italian question is taught;
    - both trees: all 52 Italian questions are taught as they are;
    - counterparts held out: but for those that correspond to the English ones held out;
    - Italian answers scrambled: for each relationship another permutation of the twelve Italians, drawn by the seed,
      replaces those who answer. (One permutation for all relationships would only give the output units new names.)
    - Italian relationships renamed: in the Italian questions a permutation of the twelve relationship units, drawn by
      the seed, replaces the one that is on: the Italian tree keeps its structure, and its names match no longer.

    Net, initial weights and number of weight updates are the same in all arms; held-out English questions that are
    right are counted after each of the `sweeps`.
    """
    checks.one_of("arm", arm, ARMS)

    def cases(seeds):
        of_runs = [_taught(arm, held_out, seed) for seed in seeds]
        relationship, answers, silent = map(np.array, zip(*of_runs, strict=True))
        return Task(
            {"person 1": FAMILIES.inputs["person 1"], "relationship": relationship}, {"person 2": answers}, silent
        )

    ours = replace(experiment(sweeps=sweeps[-1], measures=[english_right], **OURS | {"epsilon": epsilon}), task=cases)
    return recorded(ours, snapshots=sweeps)


def _taught(arm, count, seed):
    """The relationship units, the answers, and the questions held out, of one run of an arm."""
    rng, english = np.random.default_rng(seed), FAMILIES.cases // 2  # the first half of the questions
    asked = rng.choice(english, count, replace=False)
    relationship, answers = FAMILIES.inputs["relationship"].copy(), FAMILIES.targets["person 2"].copy()
    held_out, italian = np.isin(np.arange(FAMILIES.cases), asked), np.arange(FAMILIES.cases) >= english
    if arm == ENGLISH_ALONE:
        held_out |= italian
    if arm == COUNTERPARTS:
        held_out[asked + english] = True
    if arm == SCRAMBLED:
        for of_relationship in relationship == 1:
            where = np.ix_(np.arange(12, 24), italian & of_relationship)
            answers[where] = answers[where][rng.permutation(12)]
    if arm == RENAMED:
        relationship[:, italian] = relationship[rng.permutation(12)][:, italian]
    return relationship, answers, held_out


def recorded(experiment, **more):
    """The experiment with something else recorded in its last phase: `record`, or `snapshots`."""
    *first, last = experiment.recipe
    return replace(experiment, recipe=[*first, last | more])


def english_right(runs):
    """English questions answered right after each snapshot, taught or held out: "held out right by half at 1500"."""
    found, english = {}, runs.task.cases // 2
    held_out = runs.task.held_out[:, :english]
    for sweeps, w in zip(runs.experiment.recipe[-1]["snapshots"], runs.fit.snapshots, strict=True):
        for by in ("half", "largest"):
            answered = right(runs.net, w, runs.task, by)[:, :english]
            found[f"taught right by {by} at {sweeps}"] = np.count_nonzero(answered & ~held_out, axis=1)
            found[f"held out right by {by} at {sweeps}"] = np.count_nonzero(answered & held_out, axis=1)
    return found


# ---------------------------------------------------------------- what is measured


NEGLIGIBLE = (0.01, 0.005, 0.001)  # of the E of a silent net


def silent_error(task):
    """E of a silent net by the hinge, `(runs,)`: each output at 0.2, 0.6 short of the bound where it should be on."""
    on = (task.targets["person 2"] == 1) & ~task.held_out[:, None]
    return 0.5 * 0.6**2 * np.count_nonzero(on, axis=(1, 2))


def negligible(runs):
    """The sweeps at which E first was below 1%, 0.5% and 0.1% of that of a silent net; -1: never."""
    E, at, silent = runs.fit.error, runs.fit.recorded_at, silent_error(runs.task)
    below = {share: share * silent >= E for share in NEGLIGIBLE}
    return {f"E below {share:.1%}": np.where(yes.any(0), at[yes.argmax(0)], -1) for share, yes in below.items()}


def outputs_beyond(runs):
    """Of the questions taught: shares of outputs at or above 0.8 that should be on, at or below 0.2 that should be
    off, and the median output of those that should be on, to four digits.
    """
    y = runs.net.forward(runs.fit.weights, runs.task.inputs)["person 2"]
    taught = ~runs.task.held_out[:, None] & np.ones_like(y, bool)
    on = taught & (runs.task.targets["person 2"] == 1)
    return {
        "on above 0.8": (y >= 0.8).mean(axis=(1, 2), where=on).round(4),
        "off below 0.2": (y <= 0.2).mean(axis=(1, 2), where=taught & ~on).round(4),
        "y on": np.array([np.median(one[yes]) for one, yes in zip(y, on, strict=True)]).round(4),
    }


def sizes(runs):
    """The largest weight, and the root mean square of all weights, biases among them, to four digits."""
    w = runs.fit.weights
    return {"largest weight": np.abs(w).max(axis=1).round(4), "rms weight": np.sqrt(np.mean(w**2, axis=1)).round(4)}


def questions_right(runs):
    """Questions answered right, by Hinton's criterion and with the right people ahead of all others."""
    held_out, found = np.broadcast_to(runs.task.held_out, (len(runs.seeds), runs.task.cases)), {}
    for by in ("half", "largest"):
        answered = right(runs.net, runs.fit.weights, runs.task, by)
        found[f"trained right by {by}"] = np.count_nonzero(answered & ~held_out, axis=1)
        found[f"held out right by {by}"] = np.count_nonzero(answered & held_out, axis=1)
    return found


def twins(runs):
    """Mean activity of the right people, of their twins and of all others; how often a twin leads the other tree.

    Means are rounded to six digits, as all here that NumPy or BLAS adds up: in which order differs between machines.
    """
    y = runs.net.forward(runs.fit.weights, runs.task.inputs)["person 2"]
    d = runs.task.targets["person 2"] == 1
    twin = d[TWINS]
    own = d.reshape(2, 12, -1).any(axis=1).repeat(12, axis=0)  # the tree that the answer is in
    leads = np.where(twin, y, np.inf).min(axis=1) > np.where(own | twin, -np.inf, y).max(axis=1)
    held_out, found = np.broadcast_to(runs.task.held_out, leads.shape), {}
    for name, cases in (("trained", ~held_out), ("held out", held_out)):
        for who, units in (("right", d), ("twin", twin), ("own tree", own & ~d), ("other tree", ~own & ~twin)):
            found[f"{name} y {who}"] = y.mean(axis=(1, 2), where=units & cases[:, None]).round(6)
        found[f"{name} twin leads"] = np.count_nonzero(leads & cases, axis=1)
    return found


def forces(runs, sweeps=200):
    """What ∂E/∂w adds to each weight and what decay takes, in each sweep that follows: two `(sweeps, runs, size)`.

    At rest a sweep changes a weight by Δw = -ε ∂E/∂w / (1 - α), (9), and decay takes it back: decay (w + Δw) = Δw.
    """
    last = {name: value for name, value in runs.experiment.recipe[-1].items() if name != "sweeps"}
    counts = np.arange(sweeps) + runs.fit.sweeps
    on = train(runs.net, runs.fit, runs.task, sweeps, snapshots=counts, record=0, progress=False, **last)
    slopes = np.array([runs.net.gradient(w, runs.task, last["error"])[1] for w in on.snapshots])
    growth = -last["epsilon"] / (1 - last["alpha"]) * slopes
    return growth, last["decay"] / (1 - last["decay"]) * on.snapshots


def balance(runs, sweeps=200):
    """Is decay balanced by ∂E/∂w? At the end, and on average over the next 200 sweeps: over all weights of a run, r
    of one with the other, and the median of what is left over, as a share of the median decay.
    """
    (growth, loss), found = forces(runs, sweeps), {}
    if not runs.experiment.recipe[-1]["decay"]:
        loss = np.full_like(loss, np.nan)
    for when, gain, lost in (("at the end", growth[0], loss[0]), ("on average", growth.mean(0), loss.mean(0))):
        left = np.median(np.abs(gain - lost), axis=1) / np.median(np.abs(lost), axis=1)
        found |= {f"balance r {when}": correlation(gain, lost).round(6), f"imbalance {when}": left.round(6)}
    return found


def usefulness(runs):
    """Spearman's ρ between a weight's magnitude and the rise of E when it is taken away, over all weights of a run."""
    net, error, found = runs.net, runs.experiment.recipe[-1]["error"], []
    weights = np.flatnonzero(
        np.repeat(["->" in name for name in net.shapes], [np.prod(s) for s in net.shapes.values()])
    )
    for run, w in enumerate(runs.fit.weights):
        task = runs.task.of_runs([run])
        without = w[None].repeat(len(weights) + 1, axis=0)
        without[np.arange(len(weights)), weights] = 0
        held_out = None if task.held_out is None else task.held_out.reshape(-1)
        E, _ = net.gradient(without, Task(task.inputs, task.targets, held_out), error)
        found.append(scipy.stats.spearmanr(np.abs(w[weights]), E[:-1] - E[-1]).statistic)
    return {"usefulness": np.round(found, 6)}


def all_weights(runs):
    """All weights and biases, in the order of the flat vector, to four digits: a forward pass gives the same to two."""
    return {f"w{k}": values for k, values in enumerate(runs.fit.weights.T.round(4))}


def codes(runs):
    """The weights to the second layer, to three digits: "3 Colin" from Colin's unit to unit 3, "3 bias"; "3 aunt"."""
    parts, found = runs.net.matrices(runs.fit.weights), {}
    for group, names in (("person", PEOPLE), ("relationship", RELATIONSHIPS)):
        (W,) = (part for link, part in parts.items() if link.endswith(f"->{group} code"))
        for unit in range(6):
            found |= {f"{unit + 1} {name}": W[:, unit, k].round(3) for k, name in enumerate(names)}
            found[f"{unit + 1} {group} bias"] = parts[f"{group} code"][:, unit].round(3)
    return found


def colin(runs):
    """The states of the output units for Fig. 3's question, Colin's aunts, to four digits: "y Jennifer"."""
    case = case_of("Colin", "aunt")
    y = runs.net.forward(runs.fit.weights, runs.task.of_case(case).inputs)["person 2"][..., 0]
    return {f"y {name}": y[:, k].round(4) for k, name in enumerate(PEOPLE)}
