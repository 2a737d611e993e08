"""What a unit makes of its total input, and what counts as an error of an output unit."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import checks

# ---------------------------------------------------------------- activations


@dataclass(frozen=True)
class Activation:
    """An input-output function and its slope: "any ... which has a bounded derivative will do" (p. 534).

    A unit's output is y = function(gain x); `slope(y)` is the derivative of `function` **as a function of the output
    y**, so that dy/dx = gain slope(y). Both map arrays of any shape to arrays of that shape. A net with a user's own
    activation is trained in plain NumPy. Raises `ValueError` for a slope of another function and a gain <= 0.
    """

    function: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    name: str = "user's own"
    gain: float = 1.0

    def __repr__(self):
        return self.name if self.gain == 1 else f"{self.name}, gain {self.gain:g}"

    def __post_init__(self):
        checks.text("the name of an activation", self.name)
        checks.expect(checks.number("gain", self.gain, 0, np.inf), f"gain is {self.gain:g}", "a positive number")
        checks.slope(self.function, self.slope)

    def with_gain(self, gain):
        """The same function of `gain` times the total input. Raises `ValueError` unless the gain is positive."""
        return replace(self, gain=checks.number("gain", gain, 0, np.inf) * self.gain)


def _logistic(x):
    with np.errstate(over="ignore"):  # exp(-x) overflows where y is 0
        return 1 / (1 + np.exp(-x))


def _logistic_slope(y):
    return y * (1 - y)


def _tanh_slope(y):
    return 1 - y * y


def _softsign(x):
    return x / (1 + np.abs(x))


def _softsign_slope(y):
    return (1 - np.abs(y)) ** 2


def _rectified(x):
    return np.where(x < 0, 0.0, x)


def _rectified_slope(y):
    return np.where(y > 0, 1.0, 0.0)


logistic = Activation(_logistic, _logistic_slope, "logistic")  # (2), and the factor y (1 - y) in (5)
tanh = Activation(np.tanh, _tanh_slope, "tanh")
linear = Activation(np.positive, np.ones_like, "linear")
softsign = Activation(_softsign, _softsign_slope, "softsign")
rectified = Activation(_rectified, _rectified_slope, "rectified")

# ---------------------------------------------------------------- error rules


@dataclass(frozen=True)
class ErrorRule:
    """What counts as an error, as `E = 1/2 sum (dE/dy)^2` over cases and output units: not so for cross-entropy.

    `derivative(d)` takes the desired states, NaN where there is none, and gives a function `(y, out)` that writes dE/dy
    into `out` and returns it. The rules of `bp` have `bounds`, too, which the compiled kernel reads: `bounds(d)` gives
    lower, upper and aim. A unit between lower and upper is good enough; the error of any other is its distance from the
    aim. With `whole_cases`, a case counts for all units of a layer if one of them is not good enough.
    """

    name: str
    derivative: Callable[[np.ndarray], Callable[[np.ndarray, np.ndarray], np.ndarray]]
    bounds: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    whole_cases: bool = False

    def __repr__(self):
        return self.name


def _rule(name, bounds, whole_cases=False):
    def derivative(d):
        lower, upper, aim = bounds(d)

        def dE_dy(y, out):
            wrong = ~((lower <= y) & (y <= upper))
            counts = wrong.any(axis=-2, keepdims=True) & ~np.isnan(d) if whole_cases else wrong
            return np.multiply(y - aim, counts, out)

        return dE_dy

    return ErrorRule(name, derivative, bounds, whole_cases)


def _no_bounds(d):
    """Every deviation counts, since no y is above +∞ and below -∞; a missing target never does."""
    missing = np.isnan(d)
    return np.where(missing, -np.inf, np.inf), np.where(missing, np.inf, -np.inf), np.where(missing, 0, d)


def _margins(d, margin):
    """Above `1 - margin` a unit that should be on is good enough, below `margin` one that should be off."""
    missing = np.isnan(d)
    checks.binary("targets of a hinge or a dead zone", d[~missing])
    return np.where(d == 1, 1 - margin, -np.inf), np.where(d == 0, margin, np.inf), np.where(missing, 0, d)


squared = _rule("squared", _no_bounds)  # (3) (4)


def hinge(margin=0.2):
    """No error above `1 - margin` (units that should be on) or below `margin` (off); else distance from that bound.

    Hinton, CogSci 1986, p. 11; PDP vol. 1, p. 359: 0.8 and 0.2. Targets: 0 and 1. A tolerance < `margin` is never met.
    """
    margin = checks.number("margin", margin, 0, 0.5)

    def bounds(d):
        lower, upper, aim = _margins(d, margin)
        return lower, upper, np.where(d == 1, lower, np.where(d == 0, upper, aim))

    return _rule(f"hinge({margin:g})", bounds)


def dead_zone(margin=0.2, whole_cases=False):
    """No error above `1 - margin` (units that should be on) or below `margin` (off); otherwise distance from 1 or 0.

    The paper's own wording, caption of Fig. 4: by unit or, with `whole_cases`, only if it is so of all units of the
    layer in that case. Desired states are 0 and 1.
    """
    margin, whole_cases = checks.number("margin", margin, 0, 0.5), checks.flag("whole_cases", whole_cases)
    name = f"dead_zone({margin:g}){' of whole cases' if whole_cases else ''}"
    return _rule(name, lambda d: _margins(d, margin), whole_cases)
