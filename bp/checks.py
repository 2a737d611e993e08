"""Checks of arguments: each raises `ValueError` that names what was wrong and what was expected."""

import graphlib
import inspect
import operator
from collections.abc import Mapping
from functools import wraps
from itertools import islice
from math import inf, prod
from numbers import Real

import numpy as np


def fail(wrong, expected):
    raise ValueError(f"{wrong}; expected {expected}")


def called_otherwise(**names):
    """Let a function tell whoever calls its arguments as others do, or has them wrong, what they are called here."""

    def decorate(function):
        known = inspect.signature(function).parameters

        @wraps(function)
        def checked(*arguments, **more):
            for name in more.keys() - known.keys():
                expected = names.get(name, f"one of {', '.join(known)}")
                raise TypeError(f"{function.__name__} has no argument {name!r}; expected {expected}")
            return function(*arguments, **more)

        return checked

    return decorate


# ---------------------------------------------------------------- numbers and arrays


def number(name, value, low, high, up_to=False):
    """A number with low <= value < high; with `up_to`, value <= high."""
    if not isinstance(value, Real) or isinstance(value, bool):
        fail(f"{name} is {value!r}", "a number")
    try:
        value = float(value)
    except OverflowError:
        fail(f"{name} is {value!r}", "a number that a float can hold")
    if not (low <= value < high or (up_to and value == high)):
        expected = f"a number of at least {low:g} and {'at most' if up_to else 'below'} {high:g}"
        fail(f"{name} is {value:g}", expected)
    return value


def count(name, value, least=0, most=10**9):
    """An integer of at least so much; and at most, for what takes time or memory."""
    try:
        whole = operator.index(value)
    except TypeError:
        fail(f"{name} is {value!r}", "an integer")
    if isinstance(value, bool | np.bool_) or whole < least:
        fail(f"{name} is {value!r}", f"an integer of at least {least}")
    if whole > most:
        fail(f"{name} is {value!r}", f"an integer of at most {most:,}")
    return whole


def several(name, values, expected, most=10**5):
    """A list of all that is in `values`."""
    try:
        listed = list(islice(values, most + 1))
    except TypeError:
        fail(f"{name} is {values!r}", expected)
    if len(listed) > most:
        fail(f"{name} has more than {most:,} members", expected)
    return listed


def text(what, value):
    if not isinstance(value, str):
        fail(f"{what} is {value!r}", "a name, which is a string")


def whole_array(name, value, expected="an array of numbers"):
    try:
        return np.asarray(value)
    except ValueError:
        fail(f"{name} is ragged", expected)
    except (MemoryError, OverflowError):
        fail(f"{name} is too large", expected)


def flag(name, value):
    if not isinstance(value, bool | np.bool_):
        fail(f"{name} is {value!r}", "True or False")
    return bool(value)


def array(name, value, kinds="iuf"):
    """Real numbers, as floats."""
    array = whole_array(name, value)
    if array.dtype.kind not in kinds:
        fail(f"{name} holds {array.dtype}", "real numbers")
    return array.astype(float)


def flat(w, size):
    expected = f"(runs, {size}), one row of weights a run"
    if not isinstance(getattr(w, "shape", None), tuple):
        fail(f"w is {type(w).__name__}", f"an array {expected}")
    if len(w.shape) != 2 or w.shape[1] != size:
        fail(f"w has the shape {w.shape}", expected)


def network(net):
    if not hasattr(net, "computed"):
        fail(f"the net is {net!r}", "a bp.Network")


def fit(fit, size):
    """A `Fit` of a net with so many weights, whose parts have not been exchanged for others."""
    runs = len(fit.weights)
    for name in ("weights", "velocity"):
        part = getattr(fit, name)
        flat(part, size)
        if len(part) != runs or part.dtype != np.float64:
            fail(f"the fit's {name} are {part.dtype} {part.shape}", f"float64 {(runs, size)}")
    if fit.solved_at.shape[-1] != runs:
        fail(f"the fit's solved_at has the shape {fit.solved_at.shape}", f"a number for each of {runs} runs")


def weights(w, net):
    """Weights that `net` can run with, of a `Fit` or by themselves."""
    w = getattr(w, "weights", w)
    if not isinstance(w, np.ndarray) or w.dtype != np.float64:
        fail(f"w is {getattr(w, 'dtype', type(w).__name__)}", "an array of float64")
    flat(w, net.size)
    if len(w) == 0:
        fail("w has no rows", "one row of weights a run")
    if not np.isfinite(w).all():
        fail(f"w of run {np.flatnonzero(~np.isfinite(w).all(axis=1))[0]} holds NaN or infinity", "finite weights")
    if net.mask is not None and w[:, ~net.mask[0]].any():
        fail("w gives weight to connections that the mask of their link leaves out", "zero there")
    return w


def seeds(values):
    """A list of seeds, of several or of one."""
    values = [values] if isinstance(values, int | np.integer) else values
    values = several("seeds", values, "an integer or several, for instance 7 or range(1000)", 10**7)
    if not values:
        fail("seeds is empty", "at least one seed")
    return [count("a seed", value, most=inf) for value in values]


def limits(value, size):
    """The lower and the upper bounds of initial weights."""
    if not isinstance(value, tuple):
        bound = limit(value, size)
        if np.any(bound < 0):
            fail("limit is negative", "a range of initial weights of at least 0")
        return -bound, bound
    if len(value) != 2:
        fail(f"limit has {len(value)} bounds", "a lower and an upper one")
    low, high = (limit(bound, size) for bound in value)
    if np.any(low > high):
        fail("a lower bound of limit is above the upper one", "them in order")
    return low, high


def limit(value, size):
    value = array("limit", value)
    if not np.isfinite(value).all():
        fail("limit is not finite", "a range of initial weights of at least 0")
    if value.ndim > 2 or value.size not in (1, size) or value.shape[-1:] not in ((), (1,), (size,)):
        fail(f"limit has the shape {value.shape}", f"a number, or one per weight ({size},)")
    return value.reshape(-1) if value.size > 1 else float(value.reshape(-1)[0])


def slope(function, slope):
    """Compare a slope, a function of y, with the function's central difference, where both are finite."""
    if not (callable(function) and callable(slope)):
        fail(f"an activation has {function!r} and {slope!r}", "two functions")
    x, h = np.array([-2.13, -1.37, -0.71, -0.19, 0.23, 0.67, 1.41, 2.07]), 1e-5
    try:
        with np.errstate(all="ignore"):
            both = slope(function(x)), (function(x + h) - function(x - h)) / (2 * h)
        given, expected = (np.broadcast_to(one + 0 * x, x.shape) for one in both)
    except (TypeError, ValueError) as error:
        fail(f"an activation fails for an array: {error}", "two functions of arrays of any shape")
    wrong = abs(given - expected) > 1e-4 * (1 + abs(expected))  # not where either is NaN
    if np.any(wrong):
        k = np.flatnonzero(wrong)[0]
        wrong = f"the slope is {given[k]:.4g} at x = {x[k]}"
        expected = f"{expected[k]:.4g}, as a function of the output y: y * (1 - y), say, and not f(x) * (1 - f(x))"
        fail(wrong, expected)


# ---------------------------------------------------------------- networks


def skips(pairs, layers):
    pairs = several("skips", pairs, "a list of pairs of layer numbers, for instance [(0, 2)]")
    pairs = [tuple(pair) if isinstance(pair, tuple | list) else pair for pair in pairs]
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(k, int) for k in pair)):
            fail(f"skip {pair!r}", "a pair of layer numbers, for instance (0, 2)")
        if not 0 <= pair[0] < pair[1] - 1 < layers - 1:
            fail(f"skip {pair!r}", f"a layer and one at least two above it, of layers 0 to {layers - 1}")
    return pairs


def graph(layers, links):
    """Layers with names of their own, and links from lower layers to higher ones."""
    layers, links = named(layers, links)
    names, ends = [layer.name for layer in layers], [(link.source, link.target) for link in links]
    for source, target in ends:
        if source == target:
            fail(f"link {source}->{target} stays within a layer", "a link to a higher layer")
    try:
        graphlib.TopologicalSorter({name: [s for s, t in ends if t == name] for name in names}).prepare()
    except graphlib.CycleError as error:
        fail(f"links form a cycle: {' -> '.join(error.args[1])}", "links from lower layers to higher ones")
    for source, target in ends:
        if names.index(source) > names.index(target):
            fail(f"link {source}->{target} goes downwards", "layers in order, bottom first, and links upwards")
    return layers, links


def named(layers, links):
    """Layers with names of their own, and links between them, as tuples."""
    layers, links = tuple(several("layers", layers, "bp.Layers")), tuple(several("links", links, "bp.Links"))
    if not layers or not links:
        fail("the network has no layers or no links", "at least two layers and a link")
    for kind, given in (("layer", layers), ("link", links)):
        for one in given:
            parts = ("name", "units", "bias") if kind == "layer" else ("source", "target", "mask")
            if not all(hasattr(one, part) for part in parts):
                fail(f"{one!r} stands among the {kind}s", f"a bp.{kind.capitalize()}")
    for layer in layers:
        text("the name of a layer", layer.name)
        if layer.bias is not None and layer.bias is not ...:
            text(f"the bias of layer {layer.name!r}", layer.bias)
    for link in links:
        for what in ("source", "target", "weights"):
            text(f"the {what} of a link", getattr(link, what))
    names = [layer.name for layer in layers]
    for layer in layers:
        count(f"the number of units of layer {layer.name!r}", layer.units, 1, 10**6)
        if names.count(layer.name) > 1:
            fail(f"there are {names.count(layer.name)} layers {layer.name!r}", "a name of its own for each")
        if not (callable(getattr(layer.activation, "function", 0)) and callable(getattr(layer.activation, "slope", 0))):
            fail(f"the activation of layer {layer.name!r} is {layer.activation!r}", "a bp.Activation")
    ends = [(link.source, link.target) for link in links]
    for source, target in ends:
        for end in (source, target):
            if end not in names:
                fail(f"link {source}->{target} names an unknown layer {end!r}", f"one of {', '.join(names)}")
        if ends.count((source, target)) > 1:
            fail(f"there are {ends.count((source, target))} links {source}->{target}", "one")
    return layers, links


def shared(uses, links, input_layers):
    """Weights and biases that bear one name, and their masks, agree in shape; input layers have no bias."""
    for layer in input_layers:
        if isinstance(layer.bias, str):
            wrong = f"layer {layer.name!r} has the bias {layer.bias!r} but no incoming link"
            fail(wrong, "its states to be set as inputs")
    shapes = dict(uses)
    for name, shape in uses:
        if shape != shapes[name]:
            fail(f"{name!r} names weights of shape {shape} and of {shapes[name]}", "shared weights of one shape")
    if (size := sum(map(prod, shapes.values()))) > 10**8:
        fail(f"the net has {size:,} weights", f"at most {10**8:,}")
    masks = {link.weights: link.mask for link in links}
    for link in links:
        mask, name = link.mask, f"the mask of link {link.source}->{link.target}"
        expected = f"bool {shapes[link.weights]}: (target units, source units)"
        given = whole_array(name, mask, expected)
        if mask is not None and (given.shape != shapes[link.weights] or given.dtype != bool):
            fail(f"{name} is {given.dtype} {given.shape}", expected)
        if (mask is None) != (masks[link.weights] is None) or not np.array_equal(mask, masks[link.weights]):
            fail(f"links that share the weights {link.weights!r} have different masks", "one mask")


# ---------------------------------------------------------------- tasks


def states(what, given, layer):
    """Layer name -> `(units, cases)` or `(runs, units, cases)`, of such or of an array for the one layer."""
    if isinstance(given, np.ndarray | list | tuple):
        given = array(f"{what} of layer {layer!r}", given, "biuf")
        given = {layer: given[None] if given.ndim == 1 else given}  # of one unit
    if not isinstance(given, Mapping):
        fail(f"{what} are {type(given).__name__}", "an array, or a dict of layer name -> states")
    for layer in given:
        text(f"a layer of {what}", layer)
    given = {layer: array(f"{what} of layer {layer!r}", y, "biuf") for layer, y in given.items()}
    for layer, y in given.items():
        if y.ndim not in (2, 3) or 0 in y.shape:
            fail(f"{what} of layer {layer!r} have the shape {y.shape}", "(units, cases) or (runs, units, cases)")
        if what == "inputs" and not np.isfinite(y).all():
            fail(f"inputs of layer {layer!r} hold NaN or infinity", "finite states")
        if np.isinf(y).any():
            fail(f"targets of layer {layer!r} hold infinity", "finite states, or NaN where a target is missing")
    return given


def held_out(mask):
    expected = "bool (cases,) or (runs, cases)"
    mask = np.array(whole_array("held_out", mask, expected))  # a copy, as of inputs and targets
    if mask.dtype != bool or mask.ndim not in (1, 2):
        fail(f"held_out is {mask.dtype} of shape {mask.shape}", expected)
    return mask


def runs_and_cases(task):
    """The number of runs (None where all share) and of cases that all parts of a task agree on."""
    parts = [*task.inputs.values(), *task.targets.values()]
    cases = {y.shape[-1] for y in parts}
    runs = {len(y) for y in parts if y.ndim == 3}
    if task.held_out is not None:
        cases.add(task.held_out.shape[-1])
        runs |= {len(task.held_out)} if task.held_out.ndim == 2 else set()
    if len(cases) != 1:
        rows = {y.shape[-2] if y.shape[-2] > 1 else y.shape[-1] for y in parts}  # a single row are cases in any case
        hint = ": (units, cases), so the transpose, X.T, of (cases, features)" if len(rows) == 1 else ""
        fail(f"the parts of the task have {sorted(cases)} cases", f"the same number in all{hint}")
    if len(runs) > 1:
        fail(f"the parts of the task have {sorted(runs)} runs", "the same number in all")
    return runs.pop() if runs else None, cases.pop()


def case_numbers(cases, of):
    """Case numbers, (k,) or (runs, k)."""
    expected = "(k,), or (runs, k) to hold out cases by run"
    numbers = whole_array("cases", cases, expected)
    if numbers.size and numbers.dtype.kind not in "iu":
        fail(f"cases are {numbers.dtype}", "integers")
    if numbers.ndim not in (1, 2):
        fail(f"cases have the shape {numbers.shape}", expected)
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < of):
        fail(f"cases run from {numbers.min()} to {numbers.max()}", f"numbers from 0 to {of - 1}")
    return numbers.astype(int)


def rows(values, of):
    """Numbers of runs, from a list, a mask or a slice of them."""
    try:
        return np.arange(of)[values]
    except (IndexError, MemoryError, OverflowError, TypeError, ValueError):
        fail(f"rows are {values!r}", f"numbers of runs, of {of}, or True or False for each")


def task(task, net, runs, targets=True):
    """A task that fits a net and a number of runs."""
    for name in ("inputs", "targets"):
        if not hasattr(getattr(task, name, None), "items"):
            fail(f"the task is {type(task).__name__}", "a bp.Task")
    inputs = {layer.name for layer in net.input_layers}
    if set(task.inputs) != inputs:
        fail(f"inputs are given for {sorted(task.inputs)}", f"the layers without incoming links, {sorted(inputs)}")
    computed = [layer.name for layer, _ in net.computed]
    for name in task.targets:
        if name not in computed:
            fail(f"targets are given for layer {name!r}", f"layers with incoming links, of {computed}")
    for what, states in (("inputs", task.inputs), ("targets", task.targets)):
        for name, y in states.items():
            if y.shape[-2] != net.units[name]:
                hint = f"; the shape is {y.shape}: is its transpose meant?" if y.shape[-1] == net.units[name] else ""
                fail(f"{what} of layer {name!r} have {y.shape[-2]} units", f"{net.units[name]}, as the layer has{hint}")
    if task.runs not in (None, runs):
        fail(f"the task has cases for {task.runs} runs", f"{runs}, as w has, or cases without the axis of runs")
    if targets:
        if not task.targets:
            fail("the task has no targets", "targets for at least one layer")
        if not task.counts().any(axis=-1).all():
            fail("a run has no targets left", "at least one target that is neither missing nor held out")
    return task


def one_of(name, value, known):
    """One of the values that are `known`."""
    if not isinstance(value, str) or value not in known:
        fail(f"{name} is {value!r}", f"one of {', '.join(map(repr, known))}")
    return value


def binary(what, d, instead=""):
    if not np.isin(d, (0, 1)).all():
        fail(f"{what} hold {d[~np.isin(d, (0, 1))][0]:g}", f"0 or 1{instead}")


# ---------------------------------------------------------------- training


def rate(name, value, w, high=1.0):
    """Numbers that broadcast against `w`, in [0, high), as `(1 or runs, 1 or size)`: ε, α, decay."""
    value = array(name, value)
    try:
        np.broadcast_to(value, w.shape)
    except ValueError:
        expected = f"a number or an array that broadcasts against (runs, size) = {w.shape}"
        fail(f"{name} has the shape {value.shape}", expected)
    inside = np.isfinite(value) & (value >= 0) & (value < high)
    if not inside.all():
        fail(f"{name} is {value[~inside].flat[0]:g}", f"numbers of at least 0 and below {high:g}")
    if name == "epsilon" and not value.any():
        fail("epsilon is 0 everywhere", "a positive rate somewhere, or nothing is learned")
    return np.array(np.atleast_2d(value), order="C")


def error_rule(rule):
    if not callable(getattr(rule, "derivative", None)) or not hasattr(rule, "bounds"):
        fail(f"error is {rule!r}", "a bp.ErrorRule, such as bp.squared, bp.hinge(0.2) or bp.dead_zone(0.2)")
    return rule


def tolerance(value, task):
    """Positive, in falling order, at most half the distance between the targets: a looser one calls all solved."""
    value = array("tolerance", value)
    if value.ndim > 1 or not value.size:
        fail(f"tolerance has the shape {value.shape}", "a number, or a list of numbers")
    if not (value > 0).all():
        fail(f"tolerance is {value[~(value > 0)].flat[0]:g}", "a positive number")
    if (np.diff(value, axis=-1) >= 0).any() if value.ndim else False:
        fail(f"tolerances are {value.tolist()}", "the loosest first, each smaller than the one before")
    for name, d in task.targets.items():
        half = np.ptp(d[np.isfinite(d)]) / 2 if np.isfinite(d).any() else 0
        if 0 < half < value.max() * (1 - 1e-12):
            expected = f"a positive number up to {half:g}, half the distance between the targets of layer {name!r}"
            fail(f"tolerance is {value.max():g}", expected)
    return value


def solved_before(fit, tolerance):
    """`solved_at` of a fit that goes on, of the shape that the tolerances ask for."""
    shape = (*tolerance.shape, len(fit))
    if fit.sweeps == 0 and (fit.solved_at < 0).all():
        return np.full(shape, -1)
    if fit.solved_at.shape != shape:
        before, now = len(np.atleast_2d(fit.solved_at)), tolerance.size
        fail(f"there are {now} tolerances, and were {before} in the call before", "the same number, of the same form")
    if fit.tolerance is not None and not np.array_equal(fit.tolerance, tolerance):
        before, now = fit.tolerance.tolist(), tolerance.tolist()
        fail(f"tolerance is {now}, and was {before} in the call before", "the same, or fit.weights, to begin anew")
    return fit.solved_at


def order(cases, of):
    """A list of all cases, or an empty one."""
    if cases is None:
        return []
    numbers = case_numbers(cases, of)
    if numbers.ndim != 1 or sorted(numbers) != list(range(of)):
        different = np.unique(numbers).size
        fail(f"order has {numbers.size} case numbers, {different} of them different", f"each of 0 to {of - 1} once")
    return numbers


def snapshots(counts, done, sweeps):
    counts = several("snapshots", counts, "a list of sweep counts, for instance [0, 100]")
    counts = [count("a snapshot", t) for t in counts]
    if counts != sorted(set(counts)) or (counts and not done <= counts[0] <= counts[-1] <= done + sweeps):
        fail(f"snapshots are {counts}", f"increasing sweep counts from {done} to {done + sweeps}")
    return counts
