"""What there is to play with, as pure functions: the values of some controls -> a figure, its words, and what to read.

The words are for those who do not see the figure, and the same on every machine; what to read below it is HTML.
`study.explorers` has the controls.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

import bp
from bp import Layer, Link, Network, Task, family_network, layered, parity, right, train, unfold
from bp.families import ENGLISH, ITALIAN, PEOPLE, RELATIONSHIPS, TREES, TWINS, questions
from bp.tasks import STRINGS

from . import draw
from .draw import MINUS, number
from .family_trees import FAMILIES, OURS, at_random, schedule
from .files import REPOSITORY
from .minima import TASKS
from .sequences import SEQUENCES, due, strings_held_out
from .survey import read_survey


def curve(ax, sweeps, error, sweep, marks=()):
    """A learning curve with a dot at one of its sweeps; `error` has an entry for each, from 0 on, as have `sweeps`."""
    draw.learning_curve(ax, sweeps, error, marks)
    ax.plot(sweep, error[sweep], "o", color=draw.ORANGE, clip_on=False)


def table(head, rows):
    """A table in HTML; the first column names the rows."""
    line = lambda cells, first, rest: "".join(  # noqa: E731
        f'<{kind} style="padding: 0 1em 0 0; text-align: left">{cell}</{kind}>'
        for kind, cell in zip([first, *[rest] * (len(cells) - 1)], cells, strict=True)
    )
    body = "".join(f"<tr>{line(row, 'th', 'td')}</tr>" for row in rows)
    scrolls = "overflow-x: auto; width: 0; min-width: 100%"  # on a phone: the page itself stays as wide as its screen
    return f'<div style="{scrolls}"><table><tr>{line(head, "th", "th")}</tr>{body}</table></div>'


# ---------------------------------------------------------------- Fig. 1

SWEEPS = 3000  # at most: a picture is to follow a slider within 300 ms
EVERY = 50  # sweeps between two moments that can be looked at


@lru_cache(64)
def watched(task, hidden, skips, epsilon, alpha, seed, low=0.0):
    """A net and its `Fit` of one run on one of `study.minima.TASKS`, with snapshots; targets: `low` and 1 - `low`."""
    inputs, outputs, cases = TASKS[task]
    cases = replace(cases, targets={name: low + (1 - 2 * low) * d for name, d in cases.targets.items()})
    net = layered(inputs, hidden, outputs, skips=[(0, 2)] if skips else ())
    w, moments = net.initial_weights([seed]), range(0, SWEEPS + 1, EVERY)
    rest = {"snapshots": moments, "tolerance": 0.5 - low, "progress": False}
    return net, train(net, w, cases, SWEEPS, epsilon, alpha, **rest)


def symmetry(pattern, epsilon, alpha, seed, hidden, sweep, targets="0 / 1"):
    """The symmetry net after some sweeps, with its states for a pattern of six bits, and the learning curve."""
    net, fit = watched("symmetry", hidden, False, epsilon, alpha, seed, float(targets.split(" / ")[0]))
    w, cases = fit.snapshots[sweep // EVERY], TASKS["symmetry"][2]
    states = net.forward(w, {"input": np.array(pattern, float)[:, None]})
    y = {name: state[0, :, 0] for name, state in states.items()}
    parts = {name: part[0] for name, part in net.matrices(w).items()}
    x = {"hidden": parts["input->hidden"] @ y["input"] + parts["hidden"]}  # (1)
    x["output"] = parts["hidden->output"] @ y["hidden"] + parts["output"]
    answers = net.forward(w, cases.inputs)["output"][0] > 0.5
    correct = np.count_nonzero(answers == (cases.targets["output"] > 0.5))

    wide = hidden > 2
    figure = Figure(figsize=(9, 7) if wide else (9, 4.6), layout="constrained")
    ax, beside = figure.subplots(2, 1, height_ratios=(2, 1)) if wide else figure.subplots(1, 2, width_ratios=(1.35, 1))
    draw.symmetry_net(ax, net.matrices(w), states=y)
    solved = int(fit.solved_at[0])
    marks = [(solved, f"solved, {solved:,}")] if solved >= 0 else []
    curve(beside, fit.recorded_at, fit.error[:, 0], sweep, marks)
    symmetric = list(pattern) == list(pattern)[::-1]
    says = "symmetric" if y["output"][0] > 0.5 else "not symmetric"
    judged = "right" if (says == "symmetric") == symmetric else "wrong"
    found = f"solved after {solved:,} sweeps" if solved >= 0 else f"not solved in {SWEEPS:,} sweeps"
    sides = ("left hidden unit", "right hidden unit")  # as the picture has them; of more units it shows the numbers
    names = [*(sides if hidden == 2 else (f"hidden {k + 1}" for k in range(hidden))), "output"]
    net_inputs, outputs = ([*of["hidden"], *of["output"]] for of in (x, y))
    rows = [(name, number(one), number(state)) for name, one, state in zip(names, net_inputs, outputs, strict=True)]
    bits = "".join("01"[on] for on in pattern)
    alt = (
        f"The symmetry net of seed {seed} with {hidden} hidden unit{'s' * (hidden > 1)} after {sweep:,} sweeps, shown "
        f"the pattern {bits}: its weights, its units shaded by their states, and the learning curve"
    )
    return (
        figure,
        alt,
        f"seed {seed}: {found}. After {sweep:,}, E = {number(fit.error[sweep, 0])}; the net says that {bits} is "
        f"<b>{says}</b>: {judged}. Of all 64 patterns it has {correct} right."
        "<br>Weights stand on the arcs, biases in the units; the darker a unit, the more active."
        + table(("unit", "net input x (1)", "state y (2)"), rows),
    )


# ---------------------------------------------------------------- equations (1)-(8), by hand

HAND = layered(2, 2, 1)
NAMES = ("w31", "w32", "b3", "w41", "w42", "b4", "w53", "w54", "b5")  # of its weights: units 1, 2; 3, 4; 5
STEPS = ("the case", *(f"unit {j} forward" for j in (3, 4, 5)), "the error", *(f"unit {j} back" for j in (5, 3, 4)))
STEPS += ("the change",)


def hand_weights(values):
    """The flat vector of the nine weights, in the order of their names."""
    w = np.zeros((1, HAND.size))
    parts, numbers = HAND.matrices(w), np.reshape(values, (3, 3))
    parts["input->hidden"][0], parts["hidden"][0] = numbers[:2, :2], numbers[:2, 2]
    parts["hidden->output"][0, 0], parts["output"][0, 0] = numbers[2, :2], numbers[2, 2]
    return w


def hand_values(w):
    """The nine weights of a flat vector, in the order of their names."""
    parts = {name: part[0] for name, part in HAND.matrices(w).items()}
    hidden = np.column_stack([parts["input->hidden"], parts["hidden"]])
    return [*hidden.ravel(), *parts["hidden->output"][0], parts["output"][0]]


def hand_case(case):
    """One of the four cases of XOR."""
    return parity(2).of_case(case)


def descended(weights, case, epsilon):
    """The nine weights after the change (8)."""
    w = hand_weights(weights)
    return tuple(hand_values(w - epsilon * HAND.gradient(w, hand_case(case))[1]))


def swept(weights, epsilon, sweeps):
    """The nine weights after sweeps over all four cases, with a change (8) by the summed gradient after each."""
    return tuple(hand_values(train(HAND, hand_weights(weights), parity(2), sweeps, epsilon, progress=False).weights))


def all_cases(weights):
    """What the net says in all four cases, and the total error: HTML."""
    w, task = hand_weights(weights), parity(2)
    y, d = HAND.forward(w, task.inputs)["output"][0, 0], task.targets["output"][0]
    E, known = HAND.gradient(w, task)[0][0], (y > 0.5) == (d > 0.5)
    head = ("all four cases", *(f"{k >> 1} {k & 1}" for k in range(4)), "total E (3)")
    rows = [("wanted", *(number(one, 0) for one in d), "")]
    rows.append(
        ("output", *(f"{number(one)} {'✓' if ok else '✗'}" for one, ok in zip(y, known, strict=True)), number(E, 4))
    )
    return table(head, rows) + ("<b>XOR is learned.</b><br>" if known.all() else "")


def one_pass(weights, case, epsilon, step):
    """A pass through a net of two inputs, two hidden units and one output, forward and back, as far as `step`."""
    task = hand_case(case)
    w, d = hand_weights(weights), task.targets["output"][0, 0]
    states, (E, dE_dw) = HAND.forward(w, task.inputs), HAND.gradient(w, task)
    y = dict(enumerate(np.concatenate([states[name][0, :, 0] for name in ("input", "hidden", "output")]), 1))
    value, slope = dict(zip(NAMES, hand_values(w), strict=True)), dict(zip(NAMES, hand_values(dE_dw), strict=True))
    after = HAND.gradient(w - epsilon * dE_dw, task)[0]
    sources = {3: (1, 2), 4: (1, 2), 5: (3, 4)}

    def signed(x, digits=4):
        return f"({number(x, digits)})" if x < 0 else number(x, digits)

    def forward(j):
        a, b = sources[j]
        x = y[a] * value[f"w{j}{a}"] + y[b] * value[f"w{j}{b}"] + value[f"b{j}"]
        products = " + ".join(f"{number(y[i], 4 if i > 2 else 0)} × {signed(value[f'w{j}{i}'], 2)}" for i in (a, b))
        return [
            f"(1) x<sub>{j}</sub> = y<sub>{a}</sub> w<sub>{j}{a}</sub> + y<sub>{b}</sub> w<sub>{j}{b}</sub> + "
            f"b<sub>{j}</sub> = {products} + {signed(value[f'b{j}'], 2)} = {number(x, 4)}",
            f"(2) y<sub>{j}</sub> = 1 / (1 + exp({MINUS}x<sub>{j}</sub>)) = {number(y[j], 4)}",
        ]

    def back(j):
        dE_dx = slope[f"b{j}"]  # a bias is the weight of a unit that is always 1
        dE_dy, lines = (y[5] - d if j == 5 else slope["b5"] * value[f"w5{j}"]), []
        if j != 5:
            lines.append(
                f"(7) ∂E/∂y<sub>{j}</sub> = ∂E/∂x<sub>5</sub> w<sub>5{j}</sub> = {number(slope['b5'], 4)} × "
                f"{signed(value[f'w5{j}'], 2)} = {number(dE_dy, 4)}"
            )
        lines.append(
            f"(5) ∂E/∂x<sub>{j}</sub> = ∂E/∂y<sub>{j}</sub> y<sub>{j}</sub> (1 {MINUS} y<sub>{j}</sub>) = "
            f"{number(dE_dy, 4)} × {number(y[j], 4)} × {number(1 - y[j], 4)} = {number(dE_dx, 4)}, "
            f"and so is ∂E/∂b<sub>{j}</sub>"
        )
        lines += [
            f"(6) ∂E/∂w<sub>{j}{i}</sub> = ∂E/∂x<sub>{j}</sub> y<sub>{i}</sub> = "
            f"{number(dE_dx, 4)} × {number(y[i], 4 if i > 2 else 0)} = {number(slope[f'w{j}{i}'], 4)}"
            for i in sources[j]
        ]
        return lines

    told = [
        [f"y<sub>1</sub> = {number(y[1], 0)}, y<sub>2</sub> = {number(y[2], 0)}; wanted: d = {number(d, 0)}"],
        *(forward(j) for j in (3, 4, 5)),
        [
            f"(3) E = ½ (y<sub>5</sub> {MINUS} d)² = {number(E[0], 4)}",
            f"(4) ∂E/∂y<sub>5</sub> = y<sub>5</sub> {MINUS} d = {number(y[5] - d, 4)}",
        ],
        *(back(j) for j in (5, 3, 4)),
        [
            f"(8) Δw = {MINUS}ε ∂E/∂w, ε = {number(epsilon, 1)}: in this case from E = {number(E[0], 4)} "
            f"to {number(after[0], 4)}"
        ],
    ]
    lit = {1: (3,), 2: (4,), 3: (5,), 4: (5,), 5: (5,), 6: (3,), 7: (4,)}.get(step, ())
    known = {1, 2} | {j for j, at in ((3, 1), (4, 2), (5, 3)) if step >= at}
    reached = {j: slope[f"b{j}"] for j, at in ((5, 5), (3, 6), (4, 7)) if step >= at}

    figure = Figure(figsize=(5.6, 4.1))
    draw.by_hand(figure.add_axes([0, 0, 1, 1]), value, {j: y[j] for j in known}, reached, lit)
    alt = (
        f"A net of two inputs, two hidden units and one output, given {case >> 1} and {case & 1}, as far as "
        f"{STEPS[step]}. Units are shaded by their states; lines carry their weights"
    )
    lines = [(k == step, line) for k in range(step + 1) for line in told[k]]
    return figure, alt, all_cases(weights) + "<br>".join(f"<b>{line}</b>" if now else line for now, line in lines)


# ---------------------------------------------------------------- Figs 2 and 3

FAMILY_NET = family_network()


@lru_cache(1)
def stored_runs():
    """The weights of the hundred runs that are stored, `(runs, size)`."""
    table = read_survey(REPOSITORY / "data" / "surveys" / "families_weights.csv")
    return table[[f"w{k}" for k in range(FAMILY_NET.size)]].to_numpy()


def held_out(seed):
    """The four questions that a run's seed holds out."""
    away = at_random(FAMILIES, 4)([seed]).held_out[0]
    return [asked for asked, missing in zip(questions(), away, strict=True) if missing]


def states_of(seed, person, relationship):
    """The states of all units of a stored run, layer name -> `(units,)`, for any person and any relationship."""
    inputs = {"person 1": np.equal(PEOPLE, person), "relationship": np.equal(RELATIONSHIPS, relationship)}
    given = {name: one.astype(float)[:, None] for name, one in inputs.items()}
    return {name: y[0, :, 0] for name, y in FAMILY_NET.forward(stored_runs()[[seed]], given).items()}


def person_codes(seed):
    """The states of the six units for each of the 24 people, `(people, 6)`."""
    given = {"person 1": np.eye(24), "relationship": np.zeros((12, 24))}
    return FAMILY_NET.forward(stored_runs()[[seed]], given)["person code"][0].T


def family_trees(person, relationship, seed):
    """What a stored run answers: on the trees, as in Fig. 3, and who has a code like this person's."""
    y = states_of(seed, person, relationship)
    wanted = questions().get((person, relationship), ())
    answers = dict(zip(PEOPLE, y["person 2"], strict=True))
    colors = {name: draw.answered(activity) for name, activity in answers.items()} | {person: draw.ASKED}
    apart = np.linalg.norm(person_codes(seed) - y["person code"], axis=1)
    near = np.argsort(apart, kind="stable")[1:9]

    figure = Figure(figsize=(11, 7.4))
    for left, marriages, people in zip((0, 0.5), TREES.values(), (ENGLISH, ITALIAN), strict=True):
        draw.family_tree(figure.add_axes([left, 0.72, 0.5, 0.26]), people, marriages, colors)
    levels = figure.add_axes([0.02, 0.02, 0.55, 0.58])
    draw.activity_levels(levels, y, [PEOPLE.index(one) for one in wanted], PEOPLE, RELATIONSHIPS)
    bars = figure.add_axes([0.72, 0.12, 0.24, 0.44])
    names = [PEOPLE[k] for k in near]
    twin = PEOPLE[TWINS[PEOPLE.index(person)]]
    bars.barh(names, apart[near], color=[draw.ORANGE if name == twin else draw.BLUE for name in names])
    bars.set(title=f"codes nearest to {person}'s", xlabel="distance of the six units' states", ylim=(7.6, -0.6))

    question = f"{person}, has-{relationship}"
    away = (person, relationship) in held_out(seed)
    first = sorted(answers, key=answers.get)[::-1][: max(len(wanted), 1) + 1]
    named = ", ".join(f"{name} {number(answers[name])}" for name in first)
    should = " and ".join(wanted) if wanted else "nobody; it is not among the 104 questions"
    judged = ""
    if wanted:
        on = {name for name, activity in answers.items() if activity > 0.5}
        judged = " By Hinton's criterion that is <b>right</b>." if on == set(wanted) else " That is <b>not right</b>."
    alt = (
        f"The answer of the run of seed {seed} to {question}: the family trees, everybody shaded by how active their "
        "unit is; the states of all units as in Fig. 3; and whose codes are nearest"
    )
    taught = "<b>held out: this run was never taught it</b>" if away else "taught" if wanted else "never asked"
    told = f"{question}? ({taught}) Answer: {named}. Should be: {should}.{judged}"
    told += "<br>Larger squares are more active units, black dots right answers"
    told += f"; the orange bar is {twin}, in the same place of the other tree." if twin in names else "."
    return figure, alt, told


# ---------------------------------------------------------------- codes by hand

# what reads the codes
UPPER = Network([Layer("person code", 6), Layer("relationship code", 6), *FAMILY_NET.layers[4:]], FAMILY_NET.links[2:])


def codes(code, relationship, seed):
    """What a stored run answers when the six units that encode a person are set by hand."""
    lower, upper = FAMILY_NET.matrices(stored_runs()[[seed]]), np.zeros((1, UPPER.size))
    for name, part in UPPER.matrices(upper).items():
        part[:] = lower[name]
    y = states_of(seed, "Colin", relationship) | {"person code": np.array(code)}
    given = {layer.name: y[layer.name][:, None] for layer in UPPER.input_layers}
    y |= {name: state[..., 0].ravel() for name, state in UPPER.forward(upper, given).items()}
    del y["person 1"]  # nobody is named
    apart = np.linalg.norm(person_codes(seed) - code, axis=1)
    nearest = PEOPLE[apart.argmin()]
    wanted = questions().get((nearest, relationship), ())

    figure = Figure(figsize=(7.4, 5))
    ax = figure.add_axes([0.02, 0.12, 0.96, 0.72])
    draw.activity_levels(ax, y, [PEOPLE.index(one) for one in wanted], PEOPLE)
    ax.text(17, 7.2, f"has-{relationship}", ha="center", va="top", fontsize=9)
    most = np.argsort(-y["person 2"], kind="stable")[:3]
    named = ", ".join(f"{PEOPLE[k]} {number(y['person 2'][k])}" for k in most)
    alt = (
        f"The states of the net of seed {seed}, as in Fig. 3, when the six units that encode a person are set by hand "
        f"and has-{relationship} is asked"
    )
    should = f", whose {relationship} is {' and '.join(wanted)}" if wanted else f", of whom no {relationship} is known"
    return figure, alt, f"The code is nearest to that of {nearest}{should}. The net says: {named}."


# ---------------------------------------------------------------- Fig. 4, and the training procedure

FAMILY_SWEEPS = 1500


@lru_cache(32)
def family_run(epsilon, limit, decay, seed):
    """One run on the family trees, by the schedule of Fig. 4's caption: its task, E of every sweep, `(1501,)`, and the
    weights, `(1, size)`, at every 50th."""
    w, task = FAMILY_NET.initial_weights([seed], limit), at_random(FAMILIES, 4)([seed])
    first, rest = schedule(epsilon, FAMILY_SWEEPS)
    how = {"decay": decay, "error": OURS["error"], "progress": False}
    begun = train(FAMILY_NET, w, task, **first, **how)
    fit = train(FAMILY_NET, begun, task, **rest, **how, snapshots=range(EVERY, FAMILY_SWEEPS + 1, EVERY))
    E = np.concatenate([begun.error[:-1, 0], fit.error[:, 0]])
    return task, E, [w, *fit.snapshots]


def score(task, w):
    """Which of the 100 questions that a run is taught are right, and which of the 4 others: two arrays of bool."""
    known, away = right(FAMILY_NET, w, FAMILIES)[0], task.held_out[0]
    return known[~away], known[away]


def people_units(w):
    """The weights `(6, 24)` to the six units that encode people."""
    return FAMILY_NET.matrices(w)["person 1->person code"][0]


def receptive_fields(sweep, decay, seed):
    """Fig. 4 of a run by our training procedure after some sweeps, with decay or without, and its learning curve."""
    ours = OURS
    task, E, moments = family_run(ours["epsilon"], ours["limit"], ours["decay"] * decay, seed)
    weights, last = people_units(moments[sweep // EVERY]), people_units(moments[-1])
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, beside = figure.subfigures(1, 2, width_ratios=(2, 1))
    draw.receptive_fields(left.subplots(3, 2), weights, ENGLISH, largest=np.abs(last).max())
    curve(beside.subplots(), range(len(E)), E, sweep)

    taught, others = score(task, moments[sweep // EVERY])
    how = f"seed {seed}, {'with' if decay else 'without'} decay, after {sweep:,} sweeps"
    alt = f"Fig. 4 of a run, {how}: the weights from 24 people to six units; and its learning curve"
    told = (
        f"{how}: {taught.sum()} of the 100 questions that it is taught are right, {others.sum()} of the 4 others. "
        f"The largest of these weights is {number(np.abs(weights).max(), 1)}."
    )
    return figure, alt, told


def training_procedure(epsilon, limit, decay, seed):
    """How far the family-tree net comes in 1,500 sweeps: E, and how many questions are right."""
    task, E, moments = family_run(epsilon, limit, decay / 100, seed)
    scores = [[part.sum() for part in score(task, w)] for w in moments]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, ax = figure.subplots(1, 2)
    draw.learning_curve(left, range(len(E)), E)
    ax.plot(range(0, FAMILY_SWEEPS + 1, EVERY), [taught for taught, _ in scores])
    ax.set(xlabel="sweeps", ylabel="questions right, of 100", ylim=(-2, 102))
    alt = (
        f"A run on the family trees, seed {seed}, with ε = {epsilon:g}, initial weights of ±{limit:g} and a decay of "
        f"{decay:g}%: E over {FAMILY_SWEEPS:,} sweeps, and how many of the 100 questions are right"
    )
    taught, others = scores[-1]
    told = f"{taught} of the 100 questions that it is taught are right at the end, {others} of the 4 others."
    return figure, alt, told


# ---------------------------------------------------------------- Fig. 5


def chain(steps):
    """The chain of Fig. 5, unfolded, each step's units with biases of their own, which stay zero: ∂E/∂b is ∂E/∂x."""
    units = [Layer(name, 1, bias=None) for name in ("left", "middle", "right")]
    ends = (("middle", "left"), ("left", "middle"), ("right", "middle"), ("middle", "right"))
    net = unfold(units, [Link(*two, weights=f"w{k}") for k, two in enumerate(ends, 1)], steps)
    inputs = {layer.name for layer in net.input_layers}
    layers = [layer if layer.name in inputs else replace(layer, bias=layer.name) for layer in net.layers]
    return Network(layers, net.links)


def chain_pass(weights, start, wanted, steps):
    """States `(steps + 1, 3)`, ∂E/∂x of that shape, E and the four ∂E/∂w, each summed over the time steps."""
    names, net = ("left", "middle", "right"), chain(steps)
    w = np.zeros((1, net.size))
    for k, weight in enumerate(weights, 1):
        net.matrices(w)[f"w{k}"][:] = weight
    inputs = {f"{name} 0": np.array([[on]], float) for name, on in zip(names, start, strict=True)}
    task = Task(inputs, {f"left {steps}": np.array([[wanted]], float)})
    states, (E, dE_dw) = net.forward(w, inputs), net.gradient(w, task)
    slopes = net.matrices(dE_dw)
    y = np.array([[states[f"{name} {t}"].item() for name in names] for t in range(steps + 1)])
    dE_dx = np.array([[slopes[f"{name} {t}"].item() if t else 0.0 for name in names] for t in range(steps + 1)])
    return y, dE_dx, E[0], [slopes[f"w{k}"].item() for k in range(1, 5)]


def learned(weights, start, wanted, steps, epsilon, count):
    """The four weights after so many changes (8), each by ε times the gradient summed over the time steps."""
    for _ in range(count):
        slopes = chain_pass(weights, start, wanted, steps)[-1]
        weights = tuple(weight - epsilon * slope for weight, slope in zip(weights, slopes, strict=True))
    return weights


def views(steps):
    """What of the two passes can be shown, in order: pairs of words and (direction, time step)."""
    both = [("forward", t) for t in range(steps + 1)] + [("backward", t) for t in range(steps, 0, -1)]
    return [(f"{direction}, as far as time step {t}", (direction, t)) for direction, t in both]


def same_view(view, steps, new_steps):
    """The view in a net of other length that shows the same: that time step, or the last one if it was the last."""
    direction, t = view
    last = direction == "forward" and t == steps
    return direction, new_steps if last else min(t, new_steps)


def time(weights, start, wanted, steps, view):
    """The chain of Fig. 5 through time: states upward, then the derivatives down, as far as `view`."""
    y, dE_dx, E, slopes = chain_pass(weights, start, wanted, steps)
    direction, far = view
    up, down = (far, steps + 1) if direction == "forward" else (steps, far)  # derivatives are known from `down` on
    t, widest = np.arange(steps + 1)[:, None], np.abs(dE_dx).max()
    figure = Figure(figsize=(6.4, 1.3 + 0.62 * steps), layout="constrained")
    left, ax = figure.subplots(1, 2, width_ratios=(1, 1.7))
    draw.iterative_chain(left)
    rings = np.where(t >= down, dE_dx, 0)
    draw.layered_chain(ax, steps, np.where(t <= up, y, np.nan), rings, names=True, largest=max(widest, 1e-12))
    for (at, unit), state in np.ndenumerate(y):
        if at <= up:
            ax.text(unit, at, f"{state:.2f}", ha="center", va="center", fontsize=8, zorder=4)
    alt = (
        f"The chain of Fig. 5, and the same net unfolded over {steps} time steps, {direction} as far as time step "
        f"{far}: units are shaded by their states and ringed by ∂E/∂x"
    )
    rows = [
        (f"t = {at}", *(number(v) for v in y[at]), *(number(v, 4) if at >= down else "" for v in dE_dx[at]))
        for at in range(up, -1, -1)
    ]
    told = f"The left unit at t = {steps} should be {number(wanted)}"
    told += f" and is {number(y[steps, 0])}: E = {number(E, 4)}." if up == steps else "."
    if direction == "backward":
        told += "<br>Rings: ∂E/∂x, an orange line if positive, green dashes if negative; "
        told += f"the widest stands for {number(widest, 4)}."
    if (direction, far) == ("backward", 1):
        sums = ", ".join(f"∂E/∂w<sub>{k}</sub> = {number(slope, 4)}" for k, slope in enumerate(slopes, 1))
        told += f"<br>Summed over all time steps: {sums}."
    return figure, alt, told + table(("", "y left", "middle", "right", "∂E/∂x left", "middle", "right"), rows)


# ---------------------------------------------------------------- sequences

UNTAUGHT = strings_held_out()
STRING_SWEEPS = 500  # four training strings out of five are known long before


@lru_cache(16)
def strings_run(seed):
    """PDP's sequence net and its `Fit` of one run, with a snapshot at every 20th sweep; and all its cases."""
    net, task = bp.sequences()
    how = {"snapshots": range(0, STRING_SWEEPS + 1, 20), "progress": False}
    taught = task.hold_out(UNTAUGHT)
    return net, task, train(net, net.initial_weights([seed]), taught, STRING_SWEEPS, **SEQUENCES, **how)


def sequences(letters, sweep, seed):
    """What a sequence net says to two letters after some sweeps: its outputs over time, and its learning curve."""
    (net, task, fit), string = strings_run(seed), "".join(letters)
    w, case = fit.snapshots[sweep // 20], STRINGS.index(string)
    states = net.forward(w, task.inputs)
    y = np.stack([states[f"output {t}"][0, :, case] for t in range(6)], axis=1)  # (units, times)
    (digits, where), said = due(string), y[:, 2:].argmax(axis=0) + 1

    figure = Figure(figsize=(9, 2.6), layout="constrained")
    ax, beside = figure.subplots(1, 2, width_ratios=(1, 1.3))
    figure.colorbar(draw.activity(ax, y, f"{string} → {''.join(map(str, digits))}", where), ax=ax, ticks=[0, 0.5, 1])
    ax.set(xlabel="time step", ylabel="output unit")
    curve(beside, fit.recorded_at, fit.error[:, 0], sweep)
    known = right(net, w, task)[0]
    others = known[UNTAUGHT].sum()
    taught = f"{known.sum() - others} of the 20 training strings are right, {others} of the 5 others"
    alt = (
        f"The outputs of the sequence net of seed {seed} over six time steps, given {string}, after {sweep} sweeps, "
        "with dots on the digits that are due; and the learning curve"
    )
    kind = "held out" if case in UNTAUGHT else "trained"
    judged = "right" if known[case] else "not all on the right side of 0.5"
    told = f"{string} ({kind}): most active are {' '.join(map(str, said))}, "
    told += f"due are {' '.join(map(str, digits))}; {judged}."
    return figure, alt, f"{told}<br>After {sweep} sweeps {taught}."


# ---------------------------------------------------------------- minima


def minima(hidden, skips, epsilon, alpha, seed, sweep):
    """What a net makes of all inputs between the four cases of XOR, after some sweeps, and its learning curve."""
    net, fit = watched("XOR", hidden, skips, epsilon, alpha, seed)
    grid = np.linspace(0, 1, 41)
    inputs = np.array(np.meshgrid(grid, grid)).reshape(2, -1)
    y = net.forward(fit.snapshots[sweep // EVERY], {"input": inputs})["output"].reshape(41, 41)

    figure = Figure(figsize=(9, 3.8), layout="constrained")
    ax, beside = figure.subplots(1, 2, width_ratios=(1, 1.2))
    shades = ax.pcolormesh(grid, grid, y, cmap="Blues", vmin=0, vmax=1.6)  # black can be read on it
    ax.contour(grid, grid, y, [0.5], colors=draw.ORANGE)
    for a, b in np.ndindex(2, 2):
        ax.text(0.04 + 0.92 * a, 0.04 + 0.92 * b, a ^ b, ha="center", va="center", fontsize=14)
    ax.set(xlabel="input 1", ylabel="input 2", aspect="equal", xticks=[0, 1], yticks=[0, 1])
    figure.colorbar(shades, ax=ax, label="output", boundaries=np.linspace(0, 1, 101), ticks=[0, 0.5, 1])
    curve(beside, fit.recorded_at, fit.error[:, 0], sweep)
    units = f"{hidden} hidden unit{'s' * (hidden > 1)}{' and connections that skip them' if skips else ''}"
    alt = (
        f"XOR, seed {seed}, {units}, after {sweep:,} sweeps: the output for all inputs between the four cases, with "
        "the line of 0.5; and the learning curve"
    )
    solved = int(fit.solved_at[0])
    told = f"solved after {solved:,} sweeps" if solved >= 0 else f"not solved in {SWEEPS:,} sweeps: slow, or stuck?"
    return figure, alt, f"seed {seed}: {told}. After {sweep:,}, E = {number(fit.error[sweep, 0], 3)}."
