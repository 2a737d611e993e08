"""The assignments, and the marking of them: every way to be wrong costs the marks that it should, and no others."""

import functools
import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbgrader.nbgraderformat import MetadataValidator

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tools"))

import assignments as tool  # noqa: E402

SIX = ("1_unit_and_layer", "2_backward_pass", "3_descent", "4_symmetry", "5_family_trees", "6_time")
POINTS = dict.fromkeys(SIX, 25)
