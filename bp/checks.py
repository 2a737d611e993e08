"""Checks of arguments: each raises `ValueError` that names what was wrong and what was expected."""

import inspect
from contextlib import suppress
from functools import wraps
from itertools import islice, product
from numbers import Integral, Real

import numpy as np


def fail(wrong, expected):
    raise ValueError(f"{wrong}; expected {expected}")


def expect(condition, wrong, expected):
    if not condition:
        fail(wrong, expected)


def short(value):
    """A value on one line, and not too much of it."""
    return " ".join(f"{value!r:.80}".split())


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


# ---------------------------------------------------------------- single values, and lists of them


def instance(name, value, kind, expected=None):
    if not isinstance(value, kind):  # not by `expect`: to describe a task takes longer than a sweep
        fail(f"{name} is {short(value)}", expected or f"a bp.{kind.__name__}")
    return value


def text(name, value):
    return instance(name, value, str, "a string")


def flag(name, value):
    return bool(instance(name, value, bool | np.bool_, "True or False"))


def number(name, value, low, high, up_to=False):
    """A number with low <= value < high; with `up_to`, value <= high."""
    held = np.nan
    with suppress(OverflowError):
        held = float(value) if isinstance(value, Real) and not isinstance(value, bool) else held
    expected = f"a number of at least {low:g} and {'at most' if up_to else 'below'} {high:g}"
    expect(low <= held < high or (up_to and held == high), f"{name} is {short(value)}", expected)
    return held


def count(name, value, least=0, most=10**9):
    """An integer of at least so much; and at most, for what takes time or memory."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    expected = f"an integer of at least {least}{f' and at most {most:,}' if most < np.inf else ''}"
    expect(whole and least <= value <= most, f"{name} is {short(value)}", expected)
    return int(value)


def one_of(name, value, known):
    """One of the texts that are `known`."""
    if not (isinstance(value, str) and value in known):
        fail(f"{name} is {short(value)}", f"one of {', '.join(map(repr, known))}")
    return value


def members(name, values, expected, most=10**7):
    """What a list, or anything else with members, has, as a tuple."""
    try:
        listed = tuple(islice(values, most))  # an endless one has an end here
    except TypeError:
        fail(f"{name} is {short(values)}", expected)
    expect(listed, f"{name} is empty", expected)
    expect(len(listed) < most, f"{name} has {most:,} members or more", expected)
    return listed


def instances(name, values, kind):
    """Some layers, say, as a tuple."""
    values = members(name, values, f"bp.{kind.__name__}s")
    return tuple(instance(f"one of the {kind.__name__}s", one, kind) for one in values)


def seeds(values):
    """A list of seeds, of several or of one."""
    values = [values] if isinstance(values, Integral) else values
    values = members("seeds", values, "an integer or several, for instance 7 or range(1000)")
    return [count("a seed", value, most=np.inf) for value in values]


# ---------------------------------------------------------------- arrays


def array(name, value, expected, kinds="iuf", good=lambda array: True):
    """A copy of an array: of floats, or of bool or integers if NumPy's `kinds` are "b" or "iu".

    `good` says of the array, or of each of its elements, whether it is as expected.
    """
    expect(not np.ma.is_masked(value), f"{name} is masked", expected)
    try:
        found = np.asarray(value)
    except (MemoryError, OverflowError, ValueError):
        fail(f"{name} is ragged or too large for an array", expected)
    fits = (found.dtype.kind in kinds or not found.size) and good(found)
    if not np.all(fits):
        told = short(value) if found.size < 5 else f"{found.dtype} {found.shape}"
        if found.size >= 5 and np.ndim(fits):
            place = tuple(np.argwhere(~fits)[0].tolist())
            told += f" with {found[place]} at {place}"
        fail(f"{name} is {told}", expected)
    return found.astype({"b": bool, "iu": int}.get(kinds, float), order="C")


def spread(name, values, shape, low, high):
    """Numbers from `low` to below `high` that broadcast against `(runs, size)`: `(1 or runs, 1 or size)`."""

    def good(values):
        fit = np.atleast_2d(values).shape in product((1, shape[0]), (1, shape[1]))
        return fit and (values >= low) & (values < high)

    expected = f"numbers from {low:g} to below {high:g} that broadcast against (runs, size) = {shape}"
    return np.atleast_2d(array(name, values, expected, good=good))


def case_numbers(cases, of, by_run=False):
    """Case numbers, `(k,)` or, if they may differ `by_run`, `(runs, k)`."""
    expected = f"numbers of cases from 0 to {of - 1}, (k,){' or (runs, k)' * by_run}; of a mask, np.flatnonzero(mask)"
    return array("cases", cases, expected, "iu", lambda c: c.ndim in (1, 1 + by_run) and (c >= 0) & (c < of))


def binary(what, d, instead=""):
    for wrong in d[~np.isin(d, (0, 1))]:
        fail(f"{what} hold {wrong:g}", f"0 or 1{instead}")


def slope(function, slope):
    """Compare a slope, a function of y, with the function's central difference, where both are finite."""
    x, h = np.array([-2.13, -1.37, -0.71, -0.19, 0.23, 0.67, 1.41, 2.07, -13.1, -4.3, 4.7, 11.9]), 1e-5
    try:
        with np.errstate(all="ignore"):
            given, true, _ = np.broadcast_arrays(slope(function(x)), (function(x + h) - function(x - h)) / (2 * h), x)
            wrong = abs(given - true) > 1e-4 * (1 + abs(true))  # not where either is NaN
    except (TypeError, ValueError) as error:
        fail(f"an activation fails for an array: {error}", "two functions of arrays of any shape")
    for k in np.flatnonzero(wrong):
        expected = f"{true[k]:.4g}, as a function of the output y: y * (1 - y), say, and not f(x) * (1 - f(x))"
        fail(f"the slope is {given[k]:.4g} at x = {x[k]}", expected)
