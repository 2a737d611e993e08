"""Nets and tasks in numbers, as the compiled kernel reads them, and what `Network` and `train` ask of it."""

import os
import sys
from threading import Timer

import numpy as np

from . import kernel, units
from .kernel import LINEAR, LOGISTIC, RECTIFIED, SOFTSIGN, TANH, WIDTH, Cases, Graph, Path, Walk, room_for

ACTIVATIONS = {  # what the kernel knows
    (known.function, known.slope): number
    for known, number in (
        (units.logistic, LOGISTIC),
        (units.tanh, TANH),
        (units.linear, LINEAR),
        (units.softsign, SOFTSIGN),
        (units.rectified, RECTIFIED),
    )
}


def knows(net, error):
    """Whether the kernel has all activations of the net, and the error rule; else `equations.py` has to do."""
    activations = {(layer.activation.function, layer.activation.slope) for layer, _ in net.computed}
    return activations <= ACTIVATIONS.keys() and error.bounds is not None


def states(net, w, task, error):
    """The states of all layers, layer name -> `(runs, units, cases)`, for weights `(runs, size)`."""
    graph, first = graph_of(net, targets=(), all_layers=True)
    whole = cases_of(net, task, error)
    y = np.empty((len(w), graph.units, whole.lower.shape[2]))
    _evaluate(graph, whole, w, states=y)
    computed = {layer.name: y[:, first[layer.name] :][:, : layer.units, : task.cases] for layer, _ in net.computed}
    return {layer.name: computed.get(layer.name, task.inputs.get(layer.name)) for layer in net.layers}


def evaluator(net, task, error):
    """A function of weights `(runs, size)` that gives E, `(runs,)`, ∂E/∂w, `(runs, size)`, and the largest |y - d|."""
    graph, _ = graph_of(net, task.targets, silent(task))
    whole = cases_of(net, task, error)

    def evaluate(w):
        path = _evaluate(graph, whole, w, dE_dw=np.empty(w.shape), furthest=np.empty(len(w)))
        return path.error[:, 0], path.dE_dw if net.mask is None else path.dE_dw * net.mask, path.furthest

    return evaluate


def train(*arguments):
    """`kernel.train`, with a word to whoever waits while it is compiled, which happens once in an installation."""
    notice = Timer(1, _say_that_it_compiles)
    if not kernel.train.signatures and "TQDM_DISABLE" not in os.environ:
        notice.start()
    try:
        kernel.train(*arguments)
    finally:
        notice.cancel()


def _say_that_it_compiles():
    print("bp compiles its kernel: some ten seconds, once in an installation", file=sys.stderr, flush=True)


def _evaluate(graph, whole, w, **wanted):
    """Both passes, and no change of the weights."""
    zero, none = np.zeros((1, 1)), np.empty(0, np.int64)
    walk = Walk(zero, zero, zero, 0, 0, 0, np.empty(0), False, none, none, np.zeros((1, 1), bool))
    path = path_of(np.array(w, order="C"), np.zeros_like(w), 1, np.empty((0, len(w)), np.int64), 0, **wanted)
    train(graph, whole, whole, walk, path, room_for(graph, whole, whole), 0, len(w))
    return path


def path_of(weights, velocity, recordings, solved_at, snapshots, **wanted):
    """The `Path` of so many runs, before the first sweep."""
    runs = len(weights)
    room = {"states": np.empty((0, 1, 1)), "dE_dw": np.empty((0, 1)), "furthest": np.empty(0)} | wanted
    error, kept = np.full((runs, recordings), np.nan), np.empty((snapshots, *weights.shape))
    done, halt = np.zeros(runs, np.int64), np.zeros(1, bool)
    return Path(weights, velocity, error, solved_at, kept, **room, done=done, halt=halt)


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
    wide = {name: _padded(units) for name, units in sources.items() if units > WIDTH // 2}
    first, units = _in_a_row({layer.name: layer.units for layer in (*net.input_layers, *(one for one, _ in computed))})
    transposed, states = _in_a_row(wide)
    weights, padded = _in_a_row({name: _rows(shape) * _padded(shape[-1]) for name, shape in net.shapes.items()})
    outputs, _ = _in_a_row({name: net.units[name] for name in targets})
    layers, links = [], []
    for layer, incoming in computed:
        activation = ACTIVATIONS[layer.activation.function, layer.activation.slope]
        biases = weights[net.biases[layer.name]] if layer.name in net.biases else -1
        where = first[layer.name], layer.units, transposed.get(layer.name, -1)
        layers.append((*where, activation, biases, len(links), len(links) + len(incoming)))
        for link in incoming:
            where = first[link.source], sources[link.source], transposed.get(link.source, -1)
            links.append((*where, weights[link.weights], _padded(sources[link.source]), link.source not in inputs))
    return Graph(
        units=units,
        padded=padded,
        transposed=states,
        inputs=_table([(first[name], sources[name], transposed[name]) for name in inputs if name in wide], 3),
        layers=_table(layers, 7),
        links=_table(links, 6),
        outputs=_table([(first[name], net.units[name], row) for name, row in outputs.items()], 3),
        gains=np.array([layer.activation.gain for layer, _ in computed], float),
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
    return (np.arange(_rows(shape))[:, None] * _padded(shape[-1]) + np.arange(shape[-1])).ravel()


def _table(rows, columns):
    return np.array(rows, np.int64).reshape(-1, columns)


# ---------------------------------------------------------------- tasks


def cases_of(net, task, error):
    """The `Cases` of a task."""
    inputs = _stacked([task.inputs[layer.name] for layer in net.input_layers], 0.0)
    targets = list(task.targets.values())
    lower, upper, aim = zip(*map(error.bounds, targets), strict=True) if targets else [()] * 3
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


def one_by_one(cases):
    """`Cases` of one case each, of the first run all of them, then of the next."""
    runs = max(map(len, (cases.inputs, cases.lower, cases.wanted)))

    def apart(states, fill):
        alone = np.moveaxis(states[..., : cases.count], -1, 1)[..., None]  # (runs, cases, units, 1)
        alone = np.broadcast_to(alone, (runs, *alone.shape[1:]))
        return _widened(alone.reshape(-1, *alone.shape[2:]), fill)

    inputs, lower, upper = apart(cases.inputs, 0.0), apart(cases.lower, -np.inf), apart(cases.upper, np.inf)
    aim, wanted = apart(cases.aim, 0.0), apart(cases.wanted, np.nan)
    return Cases(1, inputs, lower, upper, aim, wanted, np.zeros((1, WIDTH), bool), cases.whole)


def _stacked(parts, fill, cases=1):
    """States of several layers, one below the other, `(1 or runs, units, padded cases)`."""
    if not parts:
        return np.full((1, 0, _padded(cases)), fill)
    parts = [np.asarray(part, float).reshape(-1, *part.shape[-2:]) for part in parts]
    runs = max(map(len, parts))
    return _widened(np.concatenate([np.broadcast_to(part, (runs, *part.shape[1:])) for part in parts], axis=1), fill)


def _padded(count):
    return (count + WIDTH - 1) // WIDTH * WIDTH


def _widened(states, fill):
    """With as many more cases as make rows of full width."""
    wide = np.full((*states.shape[:-1], _padded(states.shape[-1])), fill)
    wide[..., : states.shape[-1]] = states
    return wide
