"""Layers, links and tasks as data, and the two passes through a net. Arrays are as in `equations.py`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod

import numpy as np

from . import checks, equations, layout
from .units import Activation, ErrorRule, logistic, squared


@dataclass(frozen=True, eq=False)
class Task:
    """The cases to learn: `inputs` and `targets` map layer names to states `(units, cases)` or `(runs, units, cases)`.

    Arrays stand for the states of layers "input" and "output". NaN marks a missing target. `held_out`, `(cases,)` or
    `(runs, cases)`, marks cases that carry no error. `task.cases` is the number of cases, `task.runs` that of the runs
    that have cases of their own: None if all runs share the same. Raises `ValueError` for states of other shapes, for
    differing numbers of cases or runs, and for inputs that are not finite.
    """

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    held_out: np.ndarray | None = None

    def __post_init__(self):
        inputs = _states("inputs", self.inputs, "input", "finite numbers", np.isfinite)
        targets = _states("targets", self.targets, "output", "finite numbers, NaN if missing", lambda d: ~np.isinf(d))
        held_out, parts = self.held_out, [*inputs.values(), *targets.values()]
        if held_out is not None:
            expected = "bool (cases,) or (runs, cases)"
            held_out = checks.array("held_out", held_out, expected, "b", lambda mask: mask.ndim in (1, 2))
            parts.append(held_out[..., None, :])
        cases, runs = {y.shape[-1] for y in parts}, {len(y) for y in parts if y.ndim == 3}
        hint = "the same number in all: (units, cases), which is the transpose, X.T, of (cases, features)"
        checks.expect(len(cases) == 1, f"the parts of the task have {sorted(cases)} cases", hint)
        checks.expect(len(runs) < 2, f"the parts of the task have {sorted(runs)} runs", "the same number in all")
        cases, runs = cases.pop(), runs.pop() if runs else None
        vars(self).update(inputs=inputs, targets=targets, held_out=held_out, cases=cases, runs=runs)

    def hold_out(self, cases):
        """A task in which `cases`, `(k,)` for all runs or `(runs, k)` for each, are taken out of the error."""
        cases = checks.case_numbers(cases, self.cases, by_run=True)
        held_out = np.zeros((*cases.shape[:-1], self.cases), bool)
        np.put_along_axis(held_out, cases, True, axis=-1)
        before = held_out if self.held_out is None else self.held_out
        wrong = f"cases are held out for {len(held_out)} runs, and were for {len(before)}"
        checks.expect({before.ndim, held_out.ndim} != {2} or len(before) == len(held_out), wrong, "the same number")
        return replace(self, held_out=before | held_out)

    def of_runs(self, rows):
        """The task of some of the runs only: itself, if all runs share the same cases."""
        if self.runs is None:
            return self
        try:
            rows = np.arange(self.runs)[rows]
        except (IndexError, MemoryError, OverflowError, TypeError, ValueError):
            checks.fail(f"rows are {checks.short(rows)}", f"numbers of runs, of {self.runs}, or True or False for each")
        return self._part(lambda states, shared: states if states.ndim == shared else states[rows])

    def of_case(self, case):
        """The task that consists of one of the cases."""
        return self.of_cases([case])

    def of_cases(self, cases):
        """The task that consists of some of the cases, `(k,)`: a batch, or those to try a trained net on."""
        cases = checks.case_numbers(cases, self.cases)
        return self._part(lambda states, shared: states[..., cases])

    def _part(self, take):
        inputs, targets = ({name: take(y, 2) for name, y in part.items()} for part in (self.inputs, self.targets))
        return Task(inputs, targets, None if self.held_out is None else take(self.held_out, 1))

    def counts(self):
        """Which cases have a target that is neither missing nor held out: bool `(cases,)` or `(runs, cases)`."""
        missing = [np.isnan(self.desired(name)).all(axis=-2) for name in self.targets]
        return ~np.logical_and.reduce(np.broadcast_arrays(*missing))

    def desired(self, name):
        """The targets of layer `name`, NaN where they are missing or held out."""
        d = self.targets[checks.one_of("the layer", name, self.targets)]
        return d if self.held_out is None else np.where(self.held_out[..., None, :], np.nan, d)


def _states(what, given, layer, values, good):
    """Layer name -> states, of such a mapping or of an array for the one layer, in which `(cases,)` are one unit's."""
    given = given if isinstance(given, Mapping) else {layer: given}
    expected = f"{values}, (units, cases) or (runs, units, cases)"

    def states(name, y):
        checks.text(f"a layer of {what}", name)
        fits = lambda y: 1 <= y.ndim <= 3 and y.size > 0 and good(y)  # noqa: E731
        return np.atleast_2d(checks.array(f"{what} of layer {name!r}", y, expected, "biuf", fits))

    return {name: states(name, y) for name, y in given.items()}


# ---------------------------------------------------------------- networks


class _Named(dict):
    """Arrays by name. Who guesses a name wrong is told all."""

    def __missing__(self, name):
        raise KeyError(f"there is no {name!r} among {', '.join(map(repr, self))}")


@dataclass(frozen=True)
class Layer:
    """A layer of `units`. `bias` names its bias vector, shared with every layer that repeats the name; None: no bias.

    By default, `...`, it is called like the layer. Layers without incoming links have no bias, nor use `activation`.
    """

    name: str
    units: int
    activation: Activation = logistic
    bias: str | None = ...

    def __post_init__(self):
        checks.text("the name of a layer", self.name)
        checks.count(f"the number of units of layer {self.name!r}", self.units, 1, 10**6)
        expected = "a bp.Activation, such as bp.tanh"
        checks.instance(f"the activation of layer {self.name!r}", self.activation, Activation, expected)
        checks.instance(f"the bias of layer {self.name!r}", self.bias, str | None | type(...), "a string, or None")


@dataclass(frozen=True)
class Link:
    """Connections from every unit of `source` to every unit of `target`.

    `weights` names their matrix, shared with every link that repeats the name; by default `"source->target"`.
    `mask`, `(target units, source units)` of bool, leaves connections out: their weights are zero and stay zero.
    """

    source: str
    target: str
    weights: str | None = None
    mask: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __post_init__(self):
        vars(self).update(weights=f"{self.source}->{self.target}" if self.weights is None else self.weights)
        for what in ("source", "target", "weights"):
            checks.text(f"the {what} of a link", getattr(self, what))


class Network:
    """Layers, bottom first, and links, each from a lower layer to a higher one: adjacent, or skipping layers (p. 533).

    All `net.size` weights and biases of a run are one flat vector: matrices in the order of the links, then biases in
    the order of the layers, each name once. Raises `ValueError` for names that repeat or are unknown, for links that
    do not lead upwards, and for shared weights of unequal shape or mask.
    """

    def __init__(self, layers: Iterable[Layer], links: Iterable[Link]):
        self.layers, self.links = checks.instances("layers", layers, Layer), checks.instances("links", links, Link)
        place = {layer.name: number for number, layer in enumerate(self.layers)}
        names, incoming = ", ".join(place), {name: [] for name in place}
        checks.expect(len(place) == len(self.layers), f"two of the layers {names} have one name", "a name for each")
        expected = f"one from a lower to a higher layer of {names}, once; bp.unfold takes links that lead anywhere"
        for link in self.links:
            upwards = place.get(link.source, np.inf) < place.get(link.target, -1)
            again = upwards and link.source in (other.source for other in incoming[link.target])
            checks.expect(upwards and not again, f"there is a link {link.source}->{link.target}", expected)
            incoming[link.target].append(link)
        self.input_layers = tuple(layer for layer in self.layers if not incoming[layer.name])
        self.computed = tuple((layer, tuple(incoming[layer.name])) for layer in self.layers if incoming[layer.name])
        for layer in self.input_layers:
            wrong = f"layer {layer.name!r} has the bias {layer.bias!r} but no incoming link"
            checks.expect(not isinstance(layer.bias, str), wrong, "its states to be set as inputs")
        self.units = {layer.name: layer.units for layer in self.layers}
        biases = {layer.name: layer.name if layer.bias is ... else layer.bias for layer, _ in self.computed}
        self.biases = {layer: bias for layer, bias in biases.items() if bias is not None}
        uses = [(link.weights, (self.units[link.target], self.units[link.source]), link.mask) for link in self.links]
        uses += [(bias, (self.units[layer],), None) for layer, bias in self.biases.items()]
        self._lay_out(uses)

    def __repr__(self):
        layers = ", ".join(f"{layer.name} {layer.units}" for layer in self.layers)
        return f"Network of {layers}: {self.size} weights"

    def _lay_out(self, uses):
        """Give each name its shape, its part of the flat vector and its mask; `uses` are names with both."""
        self.shapes, masks = {}, {}  # name -> shape of each matrix and bias, in declared order
        for name, shape, mask in uses:
            if mask is not None:
                what, expected = f"the mask of {name!r}", f"bool {shape}: (target units, source units)"
                mask = checks.array(what, mask, expected, "b", lambda mask, shape=shape: mask.shape == shape)
            one = self.shapes.setdefault(name, shape) == shape and np.array_equal(masks.setdefault(name, mask), mask)
            wrong = f"{name!r} names weights of shape {shape} and of {self.shapes[name]}, or with different masks"
            checks.expect(one, wrong, "one shape and one mask")
        ends = [0, *np.cumsum([prod(shape) for shape in self.shapes.values()]).tolist()]
        checks.expect(ends[-1] <= 10**8, f"the net has {ends[-1]:,} weights", f"at most {10**8:,}")
        self._parts = {name: slice(*ends) for name, ends in zip(self.shapes, pairwise(ends), strict=True)}
        self.size, self.copies = ends[-1], np.zeros(ends[-1], int)
        for name, *_ in uses:
            self.copies[self._parts[name]] += 1
        self.mask = np.ones((1, self.size), bool)  # which of the weights exist
        for name, mask in masks.items():
            self.mask[0, self._parts[name]] = True if mask is None else mask.ravel()

    def matrices(self, w):
        """Views into `w`, `(runs, size)`: name -> weights `(runs, target, source)` or biases `(runs, units)`.

        `w` is a `Fit`, or weights, or anything with a number for each: ∂E/∂w, a rate, a decay.
        """
        w = getattr(w, "weights", w)
        shape = getattr(w, "shape", type(w).__name__)
        checks.expect(shape[1:] == (self.size,), f"w is {shape}", f"an array (runs, {self.size}), one row a run")
        parts = self._parts.items()
        return _Named({name: w[:, part].reshape(len(w), *self.shapes[name], copy=False) for name, part in parts})

    @checks.called_otherwise(seed="seeds", **dict.fromkeys(("scale", "std", "low", "high"), "limit"))
    def initial_weights(self, seeds, limit=0.3):
        """Weights `(runs, size)`, uniform between `-limit` and `limit`: run k is the run of `seeds[k]`, in any company.

        One seed is one run. The numbers are drawn in the order of the flat vector. `limit`, a number or an array that
        broadcasts against `(size,)`, may differ by weight; a tuple of two such is the lower and the upper bound. Raises
        `ValueError` unless all seeds are integers >= 0, and for bounds in the wrong order.
        """
        seeds = checks.seeds(seeds)
        least, bounds = (-np.inf, limit) if isinstance(limit, tuple) else (0, (limit, limit))
        checks.expect(len(bounds) == 2, f"limit has {len(bounds)} bounds", "a lower and an upper one")
        low, high = (checks.spread("limit", bound, (len(seeds), self.size), least, np.inf) for bound in bounds)
        low = low if bounds is limit else -high
        checks.expect((low <= high).all(), "a lower bound of limit is above the upper one", "them in order")
        drawn = np.array([np.random.default_rng(seed).random(self.size) for seed in seeds])
        w = low + np.multiply(high - low, drawn)  # by NumPy, a step at a time: a compiler might fuse the two
        return w * self.mask

    def forward(self, w, inputs):
        """States of all layers, name -> `(runs, units, cases)`: of weights or a `Fit`, for inputs or a `Task`."""
        w, inputs = self.weights(w), getattr(inputs, "inputs", inputs)
        task = self.fitting(Task(inputs, {}), len(w))
        if layout.knows(self, squared):
            y = layout.passes(self, task, squared)(w)[0] | task.inputs
        else:
            with np.errstate(all="ignore"):  # exp(-x) overflows in units far below their threshold, as it may
                y = equations.forward(self, w, task.inputs)
        shapes = {layer.name: (len(w), layer.units, task.cases) for layer in self.layers}
        return _Named({name: np.broadcast_to(y[name], shapes[name]) for name in shapes})  # shared inputs are read-only

    def gradient(self, w, task, error=squared):
        """`E`, `(runs,)`, and `dE_dw`, `(runs, size)`, for a `Fit` or weights `(runs, size)`: equations (3)-(7).

        Weights that are used in several places get the sum over them: always the true gradient of E. By layer, it is
        `net.matrices(dE_dw)`. E alone, of other cases too, is `net.gradient(w, task)[0]`.
        """
        w = self.weights(w)
        task = self.fitting(task, len(w), error)
        if layout.knows(self, error):
            return layout.passes(self, task, error)(w)[1:]
        with np.errstate(all="ignore"):
            return equations.backward(self, w, task, error, equations.forward(self, w, task.inputs))

    def weights(self, w):
        """Weights that the net can run with, of a `Fit` or by themselves."""
        good = lambda w: w.shape[1:] == (self.size,) and len(w) > 0 and np.isfinite(w) & (self.mask | (w == 0))  # noqa: E731
        expected = f"finite numbers (runs, {self.size}), one row a run, zero where a mask leaves weights out"
        return checks.array("w", getattr(w, "weights", w), expected, good=good)

    def fitting(self, task, runs, *error):
        """The task, if it is for this net and so many runs, and has targets for an `error` rule; else `ValueError`."""
        checks.instance("the task", task, Task)
        sources, computed = [layer.name for layer in self.input_layers], [layer.name for layer, _ in self.computed]
        given, expected = [*task.inputs], f"the layers without incoming links, {sources}"
        checks.expect(set(given) == set(sources), f"inputs are given for {given}", expected)
        given, expected = [*task.targets], f"layers with incoming links, of {computed}"
        checks.expect(set(given) <= set(computed), f"targets are given for {given}", expected)
        for name, y in (task.inputs | task.targets).items():
            wrong = f"states of layer {name!r} have the shape {y.shape}, so {y.shape[-2]} units"
            expected = f"{self.units[name]}, as the layer has: is the transpose meant?"
            checks.expect(y.shape[-2] == self.units[name], wrong, expected)
        expected = f"{runs}, as w has, or cases without the axis of runs"
        checks.expect(task.runs in (None, runs), f"the task has cases for {task.runs} runs", expected)
        for rule in error:
            checks.instance("error", rule, ErrorRule, "a bp.ErrorRule, such as bp.squared or bp.hinge(0.2)")
            expected = "at least one target that is neither missing nor held out"
            checks.expect(task.counts().any(axis=-1).all(), "a run has no targets", expected)
        return task


@checks.called_otherwise(**dict.fromkeys(("hidden", "layers"), "numbers of units, as in layered(6, 2, 1)"))
def layered(*units, skips=(), activation=logistic):
    """The net with layers "input", "hidden" ("hidden1", ... if several) and "output" of so many units.

    `skips` adds links that skip layers, as pairs of layer numbers: `layered(2, 1, 1, skips=[(0, 2)])`. `activation` is
    that of all units, or a list has one for each layer above the input. Raises `ValueError` for fewer than two layers,
    for skips that are not pairs of layers, and for another number of activations.
    """
    last = len(units) - 1
    checks.expect(last > 0, f"layered{units} has {len(units)} layers", "at least two, as in layered(6, 2, 1)")
    names = ["input", *(["hidden"] if last == 2 else [f"hidden{k}" for k in range(1, last)]), "output"]
    activations = activation if isinstance(activation, list | tuple) else [activation] * last
    wrong, expected = f"there are {len(activations)} activations", f"one, or one for each of {', '.join(names[1:])}"
    checks.expect(len(activations) == last, wrong, expected)
    expected = f"a list of pairs of layer numbers from 0 to {last}, for instance [(0, 2)]"
    pairs = lambda ends: not ends.size or (ends.shape[1:] == (2,) and (ends >= 0) & (ends <= last))  # noqa: E731
    skips = checks.array("skips", skips, expected, "iu", pairs).reshape(-1, 2).tolist()
    layers = [Layer(*one) for one in zip(names, units, [logistic, *activations], strict=True)]
    return Network(layers, [Link(names[low], names[high]) for low, high in [*pairwise(range(last + 1)), *skips]])
