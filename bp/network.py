"""Layers, links and tasks as data, and the two passes through a net.

Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 533-536 (1986).
Arrays lead with the runs: unit states are `(runs, units, cases)`, weights `W[:, j, i]` are the paper's w_ji.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from . import checks, equations, layout
from .units import Activation, logistic, squared

# ---------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Task:
    """The cases to learn: `inputs` and `targets` map layer names to states `(units, cases)` or `(runs, units, cases)`.

    Arrays stand for the states of layers "input" and "output". NaN marks a missing target. `held_out`, `(cases,)` or
    `(runs, cases)`, marks cases that carry no error. Raises `ValueError` for states of other shapes, for differing
    numbers of cases or runs, and for inputs that are not finite.
    """

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    held_out: np.ndarray | None = None

    def __post_init__(self):
        object.__setattr__(self, "inputs", checks.states("inputs", self.inputs, "input"))
        object.__setattr__(self, "targets", checks.states("targets", self.targets, "output"))
        if self.held_out is not None:
            object.__setattr__(self, "held_out", checks.held_out(self.held_out))
        object.__setattr__(self, "_runs_and_cases", checks.runs_and_cases(self))

    @property
    def runs(self):
        """The number of runs that have cases of their own, or None if all runs share the same."""
        return self._runs_and_cases[0]

    @property
    def cases(self):
        """The number of cases (input-output pairs)."""
        return self._runs_and_cases[1]

    def hold_out(self, cases):
        """A task in which `cases`, `(k,)` for all runs or `(runs, k)` for each, are taken out of the error."""
        cases = checks.case_numbers(cases, self.cases)
        held_out = np.zeros((*cases.shape[:-1], self.cases), bool)
        np.put_along_axis(held_out, cases, True, axis=-1)
        before = held_out if self.held_out is None else self.held_out
        if before.ndim == held_out.ndim == 2 and len(before) != len(held_out):
            wrong = f"cases are held out for {len(held_out)} runs, and were for {len(before)}"
            checks.fail(wrong, "the same number of runs")
        return replace(self, held_out=before | held_out)

    def of_runs(self, rows):
        """The task of some of the runs only: itself, if all runs share the same cases."""
        if self.runs is None:
            return self
        rows = checks.rows(rows, self.runs)
        return self._map(lambda states, shared: states if states.ndim == shared else states[rows])

    def of_case(self, case):
        """The task that consists of one of the cases."""
        return self.of_cases([case])

    def of_cases(self, cases):
        """The task that consists of some of the cases, `(k,)`: a batch, or those to try a trained net on."""
        cases = checks.case_numbers(cases, self.cases)
        if cases.ndim != 1 or not cases.size:
            checks.fail(f"cases have the shape {cases.shape}", "(k,), at least one case")
        return self._map(lambda states, shared: states[..., cases])

    def _map(self, take):
        return Task(
            {name: take(y, 2) for name, y in self.inputs.items()},
            {name: take(d, 2) for name, d in self.targets.items()},
            None if self.held_out is None else take(self.held_out, 1),
        )

    def counts(self):
        """Which cases have a target that is neither missing nor held out: bool `(cases,)` or `(runs, cases)`."""
        return np.logical_or.reduce(np.broadcast_arrays(*(self.wanted(name).any(axis=-2) for name in self.targets)))

    def wanted(self, name):
        """Where the targets of layer `name` are neither missing nor held out: bool, broadcasts against the targets."""
        return ~np.isnan(self.desired(name))

    def desired(self, name):
        """The targets of layer `name`, NaN where they are missing or held out."""
        d = self.targets[checks.one_of("the layer", name, self.targets)]
        return d if self.held_out is None else np.where(self.held_out[..., None, :], np.nan, d)


# ---------------------------------------------------------------- networks


class _Named(dict):
    """Arrays by name. Who guesses a name wrong is told all."""

    def __missing__(self, name):
        raise KeyError(f"there is no {name!r} among {', '.join(map(repr, self))}")


@dataclass(frozen=True)
class Layer:
    """A layer of `units`. `bias` names its bias vector, shared with every layer that repeats the name; None: no bias.

    By default, `...`, a layer has a bias of its own, called like the layer, unless it has no incoming links: the
    states of such a layer are set from outside.
    """

    name: str
    units: int
    activation: Activation = logistic
    bias: str | None = ...


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
        if self.weights is None:
            object.__setattr__(self, "weights", f"{self.source}->{self.target}")


class Network:
    """Layers, bottom first, and links, each from a lower layer to a higher one: adjacent, or skipping layers (p. 533).

    All weights and biases of a run are one flat vector: the matrices in the order of the links, then the biases in
    the order of the layers, each name once. Raises `ValueError` for names that repeat or are unknown, for links
    within a layer, downwards or in a cycle, and for shared weights or masks of unequal shape.
    """

    def __init__(self, layers: Iterable[Layer], links: Iterable[Link]):
        self.layers, self.links = checks.graph(layers, links)
        incoming = {layer.name: [link for link in self.links if link.target == layer.name] for layer in self.layers}
        self.input_layers = tuple(layer for layer in self.layers if not incoming[layer.name])
        self.computed = tuple((layer, tuple(incoming[layer.name])) for layer in self.layers if incoming[layer.name])
        self.units = {layer.name: layer.units for layer in self.layers}
        self.biases = {
            layer.name: layer.name if layer.bias is ... else layer.bias
            for layer, _ in self.computed
            if layer.bias is not None
        }
        uses = [(link.weights, (self.units[link.target], self.units[link.source])) for link in self.links]
        uses += [(bias, (self.units[name],)) for name, bias in self.biases.items()]
        checks.shared(uses, self.links, self.input_layers)
        self.shapes = dict(uses)  # name -> shape of each matrix and bias, in declared order
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        ends = [0, *np.cumsum(sizes).tolist()]
        self._parts = {name: slice(*ends) for name, ends in zip(self.shapes, pairwise(ends), strict=True)}
        self.size = ends[-1]
        self.copies = np.repeat([[name for name, _ in uses].count(name) for name in self.shapes], sizes)
        masks = {link.weights: link.mask for link in self.links if link.mask is not None}
        self.mask = np.ones((1, self.size), bool) if masks else None  # which of the weights exist, if not all
        for name, mask in masks.items():
            self.matrices(self.mask)[name][:] = mask

    def matrices(self, w):
        """Views into `w`, `(runs, size)`: name -> weights `(runs, target, source)` or biases `(runs, units)`.

        `w` is a `Fit`, or weights, or anything with a number for each: ∂E/∂w, a rate, a decay.
        """
        w = getattr(w, "weights", w)
        checks.flat(w, self.size)
        parts = self._parts.items()
        return _Named({name: w[:, part].reshape(len(w), *self.shapes[name], copy=False) for name, part in parts})

    @checks.called_otherwise(seed="seeds", **dict.fromkeys(("scale", "std", "low", "high"), "limit"))
    def initial_weights(self, seeds, limit=0.3):
        """Weights `(runs, size)`, uniform between `-limit` and `limit`: run k is the run of `seeds[k]`, in any company.

        One seed is one run. The numbers are drawn in the order of the flat vector. `limit`, a number or an array that
        broadcasts against `(size,)`, may differ by weight; a tuple of two such is the lower and the upper bound. Raises
        `ValueError` unless all seeds are integers >= 0, and for bounds in the wrong order.
        """
        seeds, (low, high) = checks.seeds(seeds), checks.limits(limit, self.size)
        drawn = np.array([np.random.default_rng(seed).random(self.size) for seed in seeds])
        w = low + np.multiply(high - low, drawn)  # by NumPy, a step at a time: a compiler might fuse the two
        return w if self.mask is None else w * self.mask

    def forward(self, w, inputs):
        """States of all layers, name -> `(runs, units, cases)`, for a `Fit` or weights `(runs, size)`: (1) and (2).

        `inputs` are those of a `Task`, or the task.
        """
        task, w = Task(getattr(inputs, "inputs", inputs), {}), checks.weights(w, self)
        checks.task(task, self, len(w), targets=False)
        if layout.knows(self, squared):
            y = layout.states(self, w, task)
        else:
            with np.errstate(all="ignore"):  # exp(-x) overflows in units far below their threshold, as it may
                y = equations.forward(self, w, task.inputs)
        shape = {layer.name: (len(w), layer.units, task.cases) for layer in self.layers}
        return _Named({name: np.broadcast_to(y[name], shape[name]) for name in y})  # shared inputs are read-only

    def gradient(self, w, task, error=squared):
        """`E`, `(runs,)`, and `dE_dw`, `(runs, size)`, for a `Fit` or weights `(runs, size)`: equations (3)-(7).

        Weights that are used in several places get the sum over them: always the true gradient of E. By layer, it is
        `net.matrices(dE_dw)`. E alone, of other cases too, is `net.gradient(w, task)[0]`.
        """
        w = checks.weights(w, self)
        checks.task(task, self, len(w))
        if layout.knows(self, checks.error_rule(error)):
            return layout.evaluator(self, task, error)(w)[:2]
        with np.errstate(all="ignore"):
            return equations.backward(self, w, task, error, equations.forward(self, w, task.inputs))

    def evaluator(self, task, error=squared):
        """A function of the weights of one run, `(size,)`, as optimisers want it: E, ∂E/∂w and the largest |y - d|.

        E is NaN where weights are not finite. Raises `ValueError` for a user's own activation or error rule, which
        `gradient` takes, and for weights of another shape.
        """
        checks.task(task, self, 1)
        if not layout.knows(self, checks.error_rule(error)):
            checks.fail("the net or the error has a function of the user's own", "those of bp; `gradient` takes others")
        evaluate = layout.evaluator(self, task, error)

        def of_one(w):
            w = checks.array("w", w)
            if w.shape != (self.size,):
                checks.fail(f"w has the shape {w.shape}", f"({self.size},), the weights of one run")
            E, dE_dw, distance = evaluate(w[None])
            return float(E[0]), dE_dw[0], float(distance[0])

        return of_one


@checks.called_otherwise(**dict.fromkeys(("hidden", "layers"), "numbers of units, as in layered(6, 2, 1)"))
def layered(*units, skips=(), activation=logistic):
    """The net with layers "input", "hidden" ("hidden1", ... if several) and "output" of so many units.

    `skips` adds links that skip layers, as pairs of layer numbers: `layered(2, 1, 1, skips=[(0, 2)])`. `activation` is
    that of all units, or a list has one for each layer above the input. Raises `ValueError` for fewer than two layers,
    for skips that are not pairs of layers, and for another number of activations.
    """
    if len(units) < 2:
        checks.fail(f"layered{units} has {len(units)} layers", "at least two numbers of units")
    units, skips = [checks.count("a number of units", n, 1) for n in units], checks.skips(skips, len(units))
    hidden = len(units) - 2
    names = ["input", *(["hidden"] if hidden == 1 else [f"hidden{k + 1}" for k in range(hidden)]), "output"]
    activations = list(activation) if isinstance(activation, list | tuple) else [activation] * (hidden + 1)
    if len(activations) != hidden + 1:
        checks.fail(f"there are {len(activations)} activations", f"one, or one for each of {', '.join(names[1:])}")
    ends = [*pairwise(range(len(units))), *skips]
    layers = [Layer(*one) for one in zip(names, units, [logistic, *activations], strict=True)]
    return Network(layers, [Link(names[i], names[j]) for i, j in ends])
