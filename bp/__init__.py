"""The learning procedure of Rumelhart, Hinton & Williams (1986), and what reproduces their letter."""

from .claims import report, verdict
from .descent import Fit, train
from .families import family_network, family_trees
from .iterative import unfold
from .network import Layer, Link, Network, Task, layered
from .statistics import Estimate, censored, kaplan_meier, permutation_test, quantile, share
from .survey import Experiment, Runs, Survey, read_survey
from .surveys import SURVEYS, check_rows
from .tasks import addition, encoder, parity, right, sequences, shift_register, symmetry, xor
from .units import Activation, ErrorRule, dead_zone, hinge, linear, logistic, rectified, softsign, squared, tanh

__all__ = [
    "SURVEYS",
    "Activation",
    "ErrorRule",
    "Estimate",
    "Experiment",
    "Fit",
    "Layer",
    "Link",
    "Network",
    "Runs",
    "Survey",
    "Task",
    "addition",
    "censored",
    "check_rows",
    "dead_zone",
    "encoder",
    "family_network",
    "family_trees",
    "hinge",
    "kaplan_meier",
    "layered",
    "linear",
    "logistic",
    "parity",
    "permutation_test",
    "quantile",
    "read_survey",
    "rectified",
    "report",
    "right",
    "sequences",
    "share",
    "shift_register",
    "softsign",
    "squared",
    "symmetry",
    "tanh",
    "train",
    "unfold",
    "verdict",
    "xor",
]
