"""Layers, links, tasks, error rules, and the two passes through a net: equations (1)-(7).

Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323, 533-536 (1986).
Arrays lead with the runs: unit states are `(runs, units, cases)`, weights `W[:, j, i]` are the paper's w_ji.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial, reduce
from itertools import pairwise

import numpy as np
from threadpoolctl import ThreadpoolController

from . import checks

# ---------------------------------------------------------------- activations


@dataclass(frozen=True)
class Activation:
    """An input-output function and its slope: "any ... which has a bounded derivative will do" (p. 534).

    `function(x)` gives y, `slope(y)` gives dy/dx **as a function of the output y**; both map arrays of any shape to
    arrays of that shape and leave their argument alone. `out=True` says that both take a second argument, the array to
    write to, as NumPy's functions do: training is faster without new arrays. x itself may be that array.
    """

    function: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    name: str = "user's own"
    out: bool = False

    def __repr__(self):
        return self.name

    def write(self, function):
        """`function`, one of the two, as it writes to an array: called with its argument and that array."""
        return function if self.out else lambda argument, out: np.copyto(out, function(argument))


# to convert Python's 1, or a 1 of the other type, at every use costs as much as a small layer
_ONE = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}


def _logistic(x, out=None):
    """1 / (1 + exp(-x)), equation (2)."""
    y = np.negative(x, out)
    np.exp(y, y)
    one = _ONE[y.dtype]
    np.add(one, y, y)
    return np.divide(one, y, y)


def _logistic_slope(y, out=None):
    """y (1 - y), the factor in equation (5)."""
    slope = np.subtract(_ONE[y.dtype], y, out)
    return np.multiply(y, slope, slope)


logistic = Activation(_logistic, _logistic_slope, "logistic", out=True)  # (2)
tanh = Activation(np.tanh, lambda y: 1 - y * y, "tanh")
linear = Activation(lambda x: x, np.ones_like, "linear")
softsign = Activation(lambda x: x / (1 + np.abs(x)), lambda y: (1 - np.abs(y)) ** 2, "softsign")

# ---------------------------------------------------------------- error rules


@dataclass(frozen=True)
class ErrorRule:
    """What counts as an error, as `E = 1/2 sum (dE/dy)^2` over cases and output units.

    `derivative(d)` takes the desired states once and gives a function `(y, out)` that writes dE/dy into `out`.
    """

    name: str
    derivative: Callable[[np.ndarray], Callable[[np.ndarray, np.ndarray], np.ndarray]]

    def __repr__(self):
        return self.name


squared = ErrorRule("squared", lambda d: lambda y, out: np.subtract(y, d, out))  # (3) (4)


def hinge(margin=0.2):
    """No error above `1 - margin` (units that should be on) or below `margin` (off); beyond, distance from that bound.

    Hinton, CogSci 1986, p. 11, and PDP vol. 1, p. 359, with 0.8 and 0.2. Desired states are 0 and 1.
    """
    margin = checks.number("margin", margin, 0, 0.5)

    def derivative(d):
        lower, upper = _bounds(d, margin)
        return lambda y, out: np.subtract(y, _clip(y, lower, upper, out), out)

    return ErrorRule(f"hinge({margin:g})", derivative)


def dead_zone(margin=0.2):
    """No error above `1 - margin` (units that should be on) or below `margin` (off); beyond, distance from 1 or 0.

    The letter's own wording, caption of Fig. 4. Desired states are 0 and 1.
    """
    margin = checks.number("margin", margin, 0, 0.5)

    def derivative(d):
        lower, upper = _bounds(d, margin)

        def dE_dy(y, out):
            wrong = y != _clip(y, lower, upper, out)
            return np.multiply(np.subtract(y, d, out), wrong, out)

        return dE_dy

    return ErrorRule(f"dead_zone({margin:g})", derivative)


def _bounds(d, margin):
    """Lower and upper bound of the outputs that are good enough, for desired states of 0 and 1."""
    checks.binary("targets of a hinge or a dead zone", d)
    low, high = d.dtype.type(margin), d.dtype.type(1 - margin)
    return np.where(d == 1, high, -np.inf).astype(d.dtype), np.where(d == 1, np.inf, low).astype(d.dtype)


def _clip(y, lower, upper, out):
    return np.minimum(np.maximum(y, lower, out=out), upper, out=out)  # np.clip takes twice as long


# ---------------------------------------------------------------- tasks


@dataclass(frozen=True)
class Task:
    """The cases to learn: `inputs` and `targets` map layer names to states `(units, cases)` or `(runs, units, cases)`.

    NaN marks a missing target. `held_out`, `(cases,)` or `(runs, cases)`, marks cases that carry no error.
    Raises `ValueError` for states of other shapes, for differing numbers of cases or runs, and for inputs that are
    not finite.
    """

    inputs: Mapping[str, np.ndarray]
    targets: Mapping[str, np.ndarray]
    held_out: np.ndarray | None = None

    def __post_init__(self):
        for name in ("inputs", "targets", "held_out"):
            object.__setattr__(self, name, getattr(checks, name)(getattr(self, name)))
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
        checks.held_out_before(self.held_out, held_out)
        return replace(self, held_out=held_out if self.held_out is None else self.held_out | held_out)

    def of_runs(self, rows):
        """The task of some of the runs only: itself, if all runs share the same cases."""
        return self._map(lambda states, shared: states if states.ndim == shared else states[rows])

    def of_case(self, case):
        """The task that consists of one of the cases."""
        return self._map(lambda states, shared: states[..., case : case + 1])

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
        present = ~np.isnan(self.targets[name])
        return present if self.held_out is None else present & ~self.held_out[..., None, :]


# ---------------------------------------------------------------- networks


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
        self.layers, self.links = tuple(layers), tuple(links)
        checks.graph(self.layers, self.links)
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
        """Views into `w`, `(runs, size)`: name -> weights `(runs, target, source)` or biases `(runs, units)`."""
        checks.flat(w, self.size)
        return {name: w[:, part].reshape(len(w), *self.shapes[name], copy=False) for name, part in self._parts.items()}

    def initial_weights(self, seeds, limit=0.3, dtype=np.float64):
        """Weights `(runs, size)`, uniform between `-limit` and `limit`: run k is the run of `seeds[k]`, in any company.

        The numbers are drawn in the order of the flat vector. `limit`, a number or an array that broadcasts against
        `(size,)`, may differ by weight; a tuple of two such is the lower and the upper bound. `dtype` is float64 or
        float32. Raises `ValueError` unless all seeds are integers >= 0, and for bounds in the wrong order.
        """
        seeds, (low, high), dtype = checks.seeds(seeds), checks.limits(limit, self.size), checks.dtype(dtype)
        w = np.array([np.random.default_rng(seed).uniform(low, high, self.size) for seed in seeds], dtype)
        return w if self.mask is None else w * self.mask

    def forward(self, w, inputs):
        """States of all layers, name -> `(runs, units, cases)`, for weights `(runs, size)`: equations (1), (2)."""
        task = Task(inputs, {})
        checks.weights(w, self)
        checks.task(task, self, len(w), targets=False)
        passes = Passes(self, w, task)
        with quietly():
            passes.forward()
        inputs = {layer.name: (len(w), layer.units, task.cases) for layer in self.input_layers}
        return passes.y | {name: np.broadcast_to(passes.y[name], shape) for name, shape in inputs.items()}  # read-only

    def gradient(self, w, task, error=squared):
        """`E`, `(runs,)`, and `dE_dw`, `(runs, size)`, for weights `(runs, size)`: equations (3)-(7).

        Weights that are used in several places get the sum over them: always the true gradient of E.
        """
        checks.weights(w, self)
        checks.task(task, self, len(w))
        passes = Passes(self, w, task, error)
        with quietly():
            passes.forward()
            passes.compare()
            E = passes.error()
            passes.backward()
        return E, passes.dE_dw


def layered(*units, skips=()):
    """The net with layers "input", "hidden" ("hidden1", ... if several) and "output" of so many logistic units.

    `skips` adds links that skip layers, as pairs of layer numbers: `layered(2, 1, 1, skips=[(0, 2)])`.
    Raises `ValueError` for fewer than two layers and for skips that are not pairs of layers.
    """
    units, skips = checks.layer_sizes(units), checks.skips(skips, len(units))
    hidden = len(units) - 2
    names = ["input", *(["hidden"] if hidden == 1 else [f"hidden{k + 1}" for k in range(hidden)]), "output"]
    ends = [*pairwise(range(len(units))), *skips]
    return Network(map(Layer, names, units), [Link(names[i], names[j]) for i, j in ends])


# ---------------------------------------------------------------- the two passes


@cache
def _blas():
    return ThreadpoolController()


@contextmanager
def quietly():
    """How passes are taken: with one BLAS thread, since more of them change the last bit, and without the warnings.

    exp(-x) overflows in units far below their threshold, as it may, and in runs that diverge, which are marked.
    """
    with _blas().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
        yield


class _Steps(list):
    """A pass, noted down once and taken at every call: functions, and the arrays that they read and write."""

    def __init__(self, spare):
        self.spare, self.begun = spare, set()

    def __call__(self):
        for step in self:
            step()

    def step(self, function, *arrays):
        """Note a step down: NumPy's functions take the array to write to as their last."""
        self.append(partial(function, *arrays))
        self.begun.add(id(arrays[-1]))

    def sum(self, a, b, total):
        """Note down that a @ b adds to `total`. Who comes first sets it, which spares memory two visits."""
        product = np.multiply if a.shape[-1] == 1 < b.ndim else np.matmul  # of a sum of one: the same bits, and faster
        if id(total) not in self.begun:
            self.step(product, a, b, total)
        else:
            spare = self.spare[total.shape]
            self.step(product, a, b, spare)
            self.step(np.add, total, spare, total)


class Passes:
    """The forward and the backward pass of a batch of runs, as `Network` and `train` use them.

    Training comes here at every sweep, so all arrays are made once and the passes are noted down as steps on them.
    Weights are views into `w`, `(runs, size)`: change it in place, and the next pass goes on from there.

    - `forward()` sets `y`, the states of all units by layer, bottom layer first;
    - `compare()` begins the backward pass at the output units: then `error()` gives E of each run, `(runs,)`, and
      `solved()` tells which runs are solved;
    - `backward()` goes on from there, top layer first, and sets `dE_dw`, `(runs, size)`.
    """

    def __init__(self, net, w, task, error=squared, dE_dw=None):
        states = lambda units: np.zeros((len(w), units, task.cases), w.dtype)  # noqa: E731
        transposed = lambda array: array.swapaxes(-1, -2)  # noqa: E731
        self.y = y = {name: np.ascontiguousarray(given, w.dtype) for name, given in task.inputs.items()}
        y |= {layer.name: states(layer.units) for layer, _ in net.computed}
        dE_dy = {layer.name: states(layer.units) for layer, _ in net.computed}
        self.dE_dw = np.zeros_like(w) if dE_dw is None else dE_dw
        W, dE_dW = net.matrices(w), net.matrices(self.dE_dw)
        arrays = [*dE_dy.values(), *dE_dW.values()]
        room = np.empty(max(array.size for array in arrays), w.dtype)
        spare = {array.shape: room[: array.size].reshape(array.shape) for array in arrays}  # for what is used at once
        one = np.ones(task.cases, w.dtype)  # a bias is the weight of "an extra input ... which always has a value of 1"

        self.forward = forward = _Steps(spare)
        for layer, links in net.computed:
            f, x = layer.activation, y[layer.name]  # y takes the place of x, not needed again
            for link in links:
                forward.sum(W[link.weights], y[link.source], x)  # (1)
            if layer.name in net.biases:
                forward.step(np.add, x, W[net.biases[layer.name]][:, :, None], x)
            forward.step(f.write(f.function), x, y[layer.name])  # (2)

        self.compare, self.backward = compare, backward = _Steps(spare), _Steps(spare)
        self.outputs, self.watched = [], []
        for name in task.targets:
            d, wanted = np.nan_to_num(task.targets[name]).astype(w.dtype), task.wanted(name)
            compare.step(error.derivative(d), y[name], dE_dy[name])  # (4)
            if not wanted.all():
                compare.step(np.multiply, dE_dy[name], wanted.astype(w.dtype), dE_dy[name])
            aim = np.broadcast_to(np.where(wanted, d, np.nan), y[name].shape).astype(w.dtype)
            self.outputs.append((y[name], aim, dE_dy[name].reshape(len(w), -1), spare[y[name].shape]))
        backward.begun |= compare.begun  # to these error, equation (7) adds
        for layer, links in reversed(net.computed):
            f, dE_dx = layer.activation, dE_dy[layer.name]  # it takes the place of dE/dy
            slope = spare[dE_dx.shape]
            backward.step(f.write(f.slope), y[layer.name], slope)
            backward.step(np.multiply, dE_dy[layer.name], slope, dE_dx)  # (5)
            if layer.name in net.biases:
                backward.sum(dE_dx, one, dE_dW[net.biases[layer.name]])  # (6)
            for link in links:
                backward.sum(dE_dx, transposed(y[link.source]), dE_dW[link.weights])  # (6)
                if link.source in dE_dy:
                    backward.sum(transposed(W[link.weights]), dE_dx, dE_dy[link.source])  # (7)
        if net.mask is not None:
            backward.step(np.multiply, self.dE_dw, net.mask, self.dE_dw)

    def error(self):
        return 0.5 * reduce(np.add, [np.vecdot(dE_dy, dE_dy) for _, _, dE_dy, _ in self.outputs])  # (3)

    def solved(self, tolerance, unsolved):
        """Which of the `unsolved` runs, bool `(runs,)`, have every |y - d| below their `tolerance`, `(runs,)`.

        Of each run the output that is furthest off is watched. Until it comes right, nobody looks at the others.
        """
        for y, at, aim in self.watched:
            unsolved = unsolved & ~(np.abs(y.take(at) - aim) >= tolerance)
        if not np.count_nonzero(unsolved):
            return unsolved
        self.watched = []
        for y, aim, _, gap in self.outputs:
            np.subtract(y, aim, gap)
            np.abs(gap, gap)
            np.copyto(gap, -1, where=np.isnan(aim))  # where no target counts
            at = gap.reshape(len(gap), -1).argmax(axis=1) + gap[0].size * np.arange(len(gap))
            unsolved = unsolved & (gap.take(at) < tolerance)
            self.watched.append((y, at, aim.take(at)))
        return unsolved
