"""Nets and tasks as the arrays that the compiled kernel reads, and what `Network` and `train` ask of it."""

import os
import sys
from threading import Lock, Timer

import numpy as np
from numba import typeof

from . import kernel, units
from .kernel import INPUT, LAYER, LINK, OUTPUT, WIDTH, Cases, Graph, Results, Schedule, padded, room_for

KNOWN = units.logistic, units.tanh, units.linear, units.softsign, units.rectified  # as the kernel numbers them


def _number(activation):
    """The kernel's number of an activation, whatever its gain; None: it is a user's own."""
    for number, known in enumerate(KNOWN):
        if (activation.function, activation.slope) == (known.function, known.slope):
            return number


def knows(net, error):
    """Whether the kernel has all activations of the net, and the error rule; else `equations.py` has to do."""
    return error.bounds is not None and all(_number(layer.activation) is not None for layer, _ in net.computed)


def states(net, w, task):
    """The states of all layers, layer name -> `(runs, units, cases)`, for weights `(runs, size)`."""
    graph, first = graph_of(net, targets=(), all_layers=True)
    y = _evaluate(graph, cases_of(net, task, units.squared), w).states
    computed = {layer.name: y[:, first[layer.name] :][:, : layer.units, : task.cases] for layer, _ in net.computed}
    return {layer.name: computed.get(layer.name, task.inputs.get(layer.name)) for layer in net.layers}


def evaluator(net, task, error):
    """A function of weights `(runs, size)` that gives E, `(runs,)`, ∂E/∂w, `(runs, size)`, and the largest |y - d|."""
    graph, first = graph_of(net, task.targets, silent(task))
    cases = cases_of(net, task, error)
    targets = {name: task.desired(name) for name in task.targets}

    def evaluate(w):
        results = _evaluate(graph, cases, w, slopes=True)
        E, dE_dw, distance = results.error[:, 0], results.dE_dw, np.zeros(len(w))
        for name, d in targets.items():
            y = results.states[:, first[name] :][:, : net.units[name], : task.cases]
            distance = np.fmax(distance, np.fmax.reduce(abs(y - d), axis=(1, 2), initial=0))
        return E, dE_dw if net.mask is None else dE_dw * net.mask, np.where(np.isnan(E), np.inf, distance)

    return evaluate


_compiling = Lock()


def train(*arguments):
    """`kernel.train`, with a word to whoever waits while it is compiled, which happens once in an installation."""
    if kernel.train.overloads:  # to ask for `signatures` takes longer than a pass
        return kernel.train(*arguments)
    notice = Timer(1, _say_that_it_compiles)
    with _compiling:  # other threads wait for the one that compiles
        if not kernel.train.overloads and "TQDM_DISABLE" not in os.environ:
            notice.start()
        try:
            kernel.train.compile(tuple(map(typeof, arguments)))
        finally:
            notice.cancel()
    kernel.train(*arguments)


def _say_that_it_compiles():
    print("bp compiles its kernel: some ten seconds, once in an installation", file=sys.stderr, flush=True)


def _evaluate(graph, cases, w, slopes=False):
    """The `Results` of both passes, or of the forward pass, and no change of the weights."""
    zero, none, runs = np.zeros((1, 1)), np.empty(0, np.int64), len(w)
    schedule = Schedule(zero, zero, zero, 0, 0, 0, np.empty(0), False, none, none, np.zeros((1, 1), bool))
    states = np.empty((runs, graph.units, cases.lower.shape[2]))
    dE_dw = np.full(w.shape, np.nan) if slopes else None
    results = results_for(w, np.zeros_like(w), 1, np.empty((0, runs), np.int64), 0, states, dE_dw)
    train(graph, cases, schedule, results, room_for(graph, cases), 0, runs)
    return results


def results_for(w, velocity, recordings, solved_at, snapshots, states=None, dE_dw=None):
    """The `Results` of so many runs before the first sweep."""
    error, kept = np.full((len(w), recordings), np.nan), np.empty((snapshots, *w.shape))
    w, velocity = np.array(w, order="C"), np.array(velocity, order="C")
    states, dE_dw = np.empty((0, 1, 1)) if states is None else states, np.empty((0, 1)) if dE_dw is None else dE_dw
    return Results(w, velocity, error, solved_at, kept, states, dE_dw, np.zeros(len(w), np.int64), np.zeros(1, bool))


def silent(task):
    """Input layers whose states are zero in all cases."""
    return [name for name, y in task.inputs.items() if not y.any()]


# ---------------------------------------------------------------- nets


def graph_of(net, targets, silent=(), all_layers=False):
    """The `Graph` of a net, and where the units of each layer begin.

    It has the layers named in `targets`, which have desired states, and those that they depend on, or all layers. Links
    from input layers that are `silent` are left out: they add nothing to (1) and (6).
    """
    needed = {layer.name for layer in net.layers} if all_layers else set(targets)
    for layer, links in reversed(net.computed):
        if layer.name in needed:
            needed |= {link.source for link in links}
    computed = [
        (layer, [link for link in links if link.source not in silent])
        for layer, links in net.computed
        if layer.name in needed
    ]
    inputs = [layer.name for layer in net.input_layers]
    sources = {link.source: net.units[link.source] for _, links in computed for link in links}
    wide = {name: padded(units) for name, units in sources.items() if units > WIDTH // 2}
    first, units = _in_a_row({layer.name: layer.units for layer in (*net.input_layers, *(one for one, _ in computed))})
    by_case, transposed = _in_a_row(wide)
    weights, size = _in_a_row({name: _rows(shape) * padded(shape[-1]) for name, shape in net.shapes.items()})
    targets, _ = _in_a_row({name: net.units[name] for name in targets})
    layers, links = [], []
    for layer, incoming in computed:
        rows = first[layer.name], layer.units, by_case.get(layer.name, -1)
        biases = weights[net.biases[layer.name]] if layer.name in net.biases else -1
        ends = len(links), len(links) + len(incoming)
        layers.append((*rows, _number(layer.activation), biases, *ends, layer.activation.gain))
        for link in incoming:
            rows = first[link.source], sources[link.source], by_case.get(link.source, -1)
            links.append((*rows, weights[link.weights], padded(sources[link.source]), link.source not in inputs))
    return Graph(
        units=units,
        padded=size,
        transposed=transposed,
        inputs=np.array([(first[name], net.units[name], by_case[name]) for name in inputs if name in wide], INPUT),
        layers=np.array(layers, LAYER),
        links=np.array(links, LINK),
        outputs=np.array([(first[name], net.units[name], row) for name, row in targets.items()], OUTPUT),
        places=np.concatenate([weights[name] + _places(shape) for name, shape in net.shapes.items()]),
    ), first


def _in_a_row(sizes):
    """Where each of the sizes begins, one after the other, and where all end."""
    begins, end = {}, 0
    for name, size in sizes.items():
        begins[name], end = end, end + size
    return begins, end


def _rows(shape):
    return int(np.prod(shape[:-1]))


def _places(shape):
    """Where the entries of a matrix are when each of its rows is padded."""
    return (np.arange(_rows(shape))[:, None] * padded(shape[-1]) + np.arange(shape[-1])).ravel()


# ---------------------------------------------------------------- tasks


def cases_of(net, task, error):
    """The `Cases` of a task."""
    inputs = _stacked([task.inputs[layer.name] for layer in net.input_layers], 0.0)
    targets = list(task.targets.values())
    bounds = [[np.broadcast_to(bound, d.shape) for bound in error.bounds(d)] for d in targets]
    lower, upper, aim = zip(*bounds, strict=True) if targets else [()] * 3
    held_out = np.zeros((1, task.cases), bool) if task.held_out is None else np.atleast_2d(task.held_out)
    return Cases(
        task.cases,
        inputs,
        _stacked(lower, -np.inf, task.cases),
        _stacked(upper, np.inf, task.cases),
        _stacked(aim, 0.0, task.cases),
        _stacked(targets, np.nan, task.cases),
        _widened(held_out, False),
        error.whole_cases,
    )


def _stacked(parts, fill, cases=1):
    """States of several layers, one below the other, `(1 or runs, units, padded cases)`."""
    if not parts:
        return np.full((1, 0, padded(cases)), fill)
    parts = [np.asarray(part, float).reshape(-1, *part.shape[-2:]) for part in parts]
    runs = max(map(len, parts))
    return _widened(np.concatenate([np.broadcast_to(part, (runs, *part.shape[1:])) for part in parts], axis=1), fill)


def _widened(states, fill):
    """With as many more cases as make rows of full width."""
    wide = np.full((*states.shape[:-1], padded(states.shape[-1])), fill)
    wide[..., : states.shape[-1]] = states
    return wide
