"""The course, for nbgrader: `nbgrader` run in this folder reads it, and so does tools/assignments.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for autograde.py

c = get_config()  # noqa: F821  nbgrader's

c.CourseDirectory.course_id = "backprop"
c.CourseDirectory.root = str(Path(__file__).parent)  # source/, release/, submitted/, autograded/, feedback/

# What stands in for a solution. NotImplementedError is what pictures and tests look for.
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("your code goes here")'}
c.ClearSolutions.text_stub = "*Write your answer here.*"
c.ClearMarkScheme.enforce_metadata = False  # rubrics stand in the locked questions, above the answers

c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "autograde.Restore",  # before OverwriteCells, which puts the hidden tests back; it has no duplicates left
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograde.Run",  # in place of Execute
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s).*"  # a warning on stderr costs no marks
