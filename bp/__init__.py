"""The learning procedure of Rumelhart, Hinton & Williams (1986), and what reproduces their letter."""

from .claims import report
from .descent import Fit, descend, train
from .network import (
    Activation,
    ErrorRule,
    Layer,
    Link,
    Network,
    Task,
    dead_zone,
    hinge,
    layered,
    linear,
    logistic,
    softsign,
    squared,
    tanh,
)
from .survey import Estimate, quantile, share
from .tasks import family_network, symmetry

__all__ = [
    "Activation",
    "ErrorRule",
    "Estimate",
    "Fit",
    "Layer",
    "Link",
    "Network",
    "Task",
    "dead_zone",
    "descend",
    "family_network",
    "hinge",
    "layered",
    "linear",
    "logistic",
    "quantile",
    "report",
    "share",
    "softsign",
    "squared",
    "symmetry",
    "tanh",
    "train",
]
