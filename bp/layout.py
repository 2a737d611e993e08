"""Nets and tasks as the arrays that the compiled kernel reads, and what `Network` and `train` ask of it."""

import os
import sys
from operator import attrgetter
from threading import Lock, Timer

import numpy as np
from numba import typeof

from . import checks, kernel, units
from .kernel import LAYER, LINK, OUTPUT, WIDTH, Cases, Graph, Results, Schedule, padded, room_for

_functions = attrgetter("function", "slope")  # what an activation is, whatever its gain
# Those that the kernel has, in the order of its numbers
KNOWN = [*map(_functions, (units.logistic, units.tanh, units.linear, units.softsign, units.rectified))]


def knows(net, error):
    """Whether the kernel has all activations of the net, and the error rule; else `equations.py` has to do."""
    return error.bounds is not None and all(_functions(layer.activation) in KNOWN for layer, _ in net.computed)


def passes(net, task, error):
    """A function of weights `(runs, size)` that passes through the net, forward and, if the task has targets, backward.

    It gives the states of the inputs and of the layers that the targets depend on (of all, without targets), layer name
    -> `(runs, units, cases)`, E, `(runs,)`, and ∂E/∂w, `(runs, size)`.
    """
    (graph, first), cases = graph_of(net, task), cases_of(net, task, error)
    zero, none = np.zeros((1, 1)), np.empty(0, np.int64)
    no_sweep = Schedule(zero, zero, zero, 0, 0, np.zeros(1), False, np.zeros(1, np.int64), none, none)

    def evaluate(w):
        states = np.empty((len(w), graph.units, padded(cases.count)))
        dE_dw = np.full(w.shape if task.targets else (0, 1), np.nan)
        results = results_for(w, np.zeros_like(w), no_sweep, np.empty((0, len(w)), np.int64), states, dE_dw)
        train(graph, cases, no_sweep, results, 0, len(w))
        y = {name: states[:, row:][:, : net.units[name], : task.cases] for name, row in first.items()}
        return y, results.error[:, 0], dE_dw * net.mask

    return evaluate


COMPILES = "bp compiles its kernel: some ten seconds, once in an installation"
_compiling = Lock()


def train(graph, cases, schedule, results, first, last):
    """`kernel.train`, with a word to whoever waits while it is compiled, which happens once in an installation."""
    arguments = graph, cases, schedule, results, room_for(graph, cases), first, last
    if kernel.train.overloads:  # to ask for `signatures` takes longer than a pass
        return kernel.train(*arguments)
    notice = Timer(1, print, [COMPILES], {"file": sys.stderr, "flush": True})
    with _compiling:  # other threads wait for the one that compiles
        if not kernel.train.overloads and "TQDM_DISABLE" not in os.environ:
            notice.start()
        try:
            kernel.train.compile(tuple(map(typeof, arguments)))
        finally:
            notice.cancel()
    kernel.train(*arguments)


def results_for(w, velocity, schedule, solved_at, states=np.empty((0, 1, 1)), dE_dw=np.empty((0, 1))):  # noqa: B008
    """The `Results` of so many runs before the first sweep."""
    error = np.full((len(w), len(schedule.recorded_at)), np.nan)
    kept = np.empty((len(schedule.snapshot_at), *w.shape))
    w, velocity = np.array(w, order="C"), np.array(velocity, order="C")
    return Results(w, velocity, error, solved_at, kept, states, dE_dw, np.zeros(len(w), np.int64), np.zeros(1, bool))


# ---------------------------------------------------------------- nets and tasks


def graph_of(net, task):
    """The `Graph` of a net, and where the units of each layer begin.

    It has the layers that have targets and those that they depend on, or all if the task has no targets. Links from
    input layers whose states are zero in all cases are left out: they add nothing to (1) and (6).
    """
    needed = set(task.targets or net.units)
    for layer, links in reversed(net.computed):
        if layer.name in needed:
            needed |= {link.source for link in links}
    silent = {name for name, y in task.inputs.items() if task.targets and not y.any()}
    used = {layer: [link for link in links if link.source not in silent] for layer, links in net.computed}
    incoming = {layer: links for layer, links in used.items() if layer.name in needed}
    wide = [link.source for links in incoming.values() for link in links if net.units[link.source] > WIDTH // 2]
    first, units = _in_a_row({layer.name: layer.units for layer in (*net.input_layers, *incoming)})
    by_case, rows_by_case = _in_a_row({name: padded(net.units[name]) for name in wide})
    matrices = {name: (1, *shape)[-2:] for name, shape in net.shapes.items()}  # biases are a row
    weights, size = _in_a_row({name: n * padded(columns) for name, (n, columns) in matrices.items()})
    bounds, _ = _in_a_row({name: 4 * net.units[name] for name in task.targets})
    layers, links = [], []

    def rows(name):
        return first[name], net.units[name], by_case.get(name, -1)

    for layer, uses in incoming.items():
        biases = weights[net.biases[layer.name]] if layer.name in net.biases else -1
        ends = len(links), len(links) + len(uses)
        number, gain = KNOWN.index(_functions(layer.activation)), layer.activation.gain
        layers.append((*rows(layer.name), number, biases, *ends, gain))
        links += [(*rows(link.source), weights[link.weights], link.source not in task.inputs) for link in uses]
    return Graph(
        units=units,
        by_case=rows_by_case,
        padded=size,
        places=np.concatenate([weights[name] + _places(*shape) for name, shape in matrices.items()]),
        layers=np.array(layers, LAYER),
        links=np.array(links, LINK),
        outputs=np.array([(first[name], net.units[name], row) for name, row in bounds.items()], OUTPUT),
    ), first


def _in_a_row(sizes):
    """Where each of the sizes begins, one after the other, and where all end."""
    begins, end = {}, 0
    for name, size in sizes.items():
        begins[name], end = end, end + size
    return begins, end


def _places(rows, columns):
    """Where the entries of a matrix are when each of its rows is padded."""
    return (np.arange(rows)[:, None] * padded(columns) + np.arange(columns)).ravel()


def cases_of(net, task, error):
    """The `Cases` of a task."""
    inputs = [task.inputs[layer.name] for layer in net.input_layers]
    bounds = [np.empty((0, task.cases))]
    for d in task.targets.values():
        given = error.bounds(d)
        try:
            lower, upper, aim = (np.broadcast_to(np.asarray(one, float), d.shape) for one in given)
        except (TypeError, ValueError) as wrong:
            checks.fail(f"the bounds of {error} do not fit ({wrong})", f"lower, upper and aim, arrays {d.shape}")
        bounds.append(np.concatenate([lower, upper, aim, d], axis=-2))
    counts = np.array(task.counts(), float, order="C", ndmin=2)
    return Cases(task.cases, _stacked(inputs), _stacked(bounds), counts, error.whole_cases)


def _stacked(parts):
    """Rows of several layers, one below the other, `(1 or runs, rows, cases)`."""
    parts = [np.array(part, float, ndmin=3) for part in parts]
    runs = max(map(len, parts))
    parts = [np.broadcast_to(part, (runs, *part.shape[1:])) for part in parts]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))
