"""The study of Rumelhart, Hinton & Williams (1986): their nets, trained thousands of times with `bp`, and measured."""

from .claims import report
from .statistics import Estimate, censored, kaplan_meier, permutation_test, quantile, share
from .survey import Experiment, Runs, Survey, read_survey
from .surveys import SURVEYS, check_rows

__all__ = [
    "SURVEYS",
    "Estimate",
    "Experiment",
    "Runs",
    "Survey",
    "censored",
    "check_rows",
    "kaplan_meier",
    "permutation_test",
    "quantile",
    "read_survey",
    "report",
    "share",
]
