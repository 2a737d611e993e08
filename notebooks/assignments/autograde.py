"""What nbgrader's autograde does as `make grade` does: put a submission in order, and run it apart from its tests."""

from pathlib import Path

import nbformat
from marking import Sandbox, restored, run, tidied
from nbgrader.preprocessors import NbGraderPreprocessor


class Restore(NbGraderPreprocessor):
    """Puts a submission in order, by the released assignment."""

    def preprocess(self, nb, resources):
        cells = [tidied(cell, number) for number, cell in enumerate(nb.cells)]
        nb.cells, _ = restored(cells, released(self, resources))
        nb.nbformat, nb.nbformat_minor = 4, 5
        nb.metadata.pop("widgets", None)
        return nb, resources


class Run(NbGraderPreprocessor):
    """In place of nbgrader's Execute: runs a submission without a kernel."""

    def preprocess(self, nb, resources):
        with Sandbox() as sandbox:
            for _ in run(sandbox, nb.cells, released(self, resources)):
                pass
        return nb, resources


def released(preprocessor, resources):
    course, of = preprocessor.parent.parent.coursedir, resources["nbgrader"]
    folder = course.format_path(course.release_directory, ".", of["assignment"])
    return nbformat.read(Path(folder) / f"{of['notebook']}.ipynb", as_version=4).cells
