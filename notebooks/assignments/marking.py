"""What nbgrader's autograde does not do by itself: put a broken submission in order, and outlive its kernel."""

from collections import defaultdict
from copy import deepcopy
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute, NbGraderPreprocessor

LONGEST = 20_000  # characters of printed text that are kept, of each output


def restored(cells, released):
    """A student's cells with those of the release in their places and their order: only answers are the student's.

    Deleted cells come back, except for solutions, which the student may have written elsewhere. Cells with the name of
    another before them, or of none, become ordinary ones. Metadata are the release's: a tag can skip a test.
    """
    known = {cell.metadata.nbgrader.grade_id: cell for cell in released if "nbgrader" in cell.metadata}
    handed_in, following, place = {}, defaultdict(list), None
    for number, cell in enumerate(cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in known and name not in handed_in:
            handed_in[name], place = cell.source, name
        else:
            cell.metadata.pop("nbgrader", None)
            cell.id = f"student-{number}"  # unique, whatever was copied
            following[place].append(cell)
    result = following[None]
    for name, cell in known.items():
        answered = cell.metadata.nbgrader.solution and name in handed_in
        if answered or cell.metadata.nbgrader.grade or not cell.metadata.nbgrader.solution:
            result.append(deepcopy(cell))
        if answered:
            result[-1].source = handed_in[name]
        result += following[name]
    return result


class Restore(NbGraderPreprocessor):
    """Puts a submission in order, by the released assignment."""

    def preprocess(self, nb, resources):
        course, names = self.parent.parent.coursedir, resources["nbgrader"]
        folder = course.format_path(course.release_directory, ".", names["assignment"])
        released = nbformat.read(Path(folder) / f"{names['notebook']}.ipynb", as_version=4)
        nb.cells, nb.nbformat_minor = restored(nb.cells, released.cells), released.nbformat_minor
        return nb, resources


class Survive(Execute):
    """Executes a notebook to its end. A cell that kills its kernel, or cannot be interrupted, fails alone: the cells
    before it, those that took too long excepted, run again in a new kernel, and the rest goes on."""

    def preprocess(self, nb, *rest):
        self.fatal = set()
        return super().preprocess(nb, *rest)

    def preprocess_cell(self, cell, resources, index):
        try:
            super().preprocess_cell(cell, resources, index)
        except (DeadKernelError, CellTimeoutError) as error:
            message = f"{type(error).__name__}: this cell ended the kernel, or could not be interrupted"
            cell.outputs.append(nbformat.v4.new_output("error", ename=type(error).__name__, traceback=[message]))
            self.fatal.add(index)
            self.revive(index)
        if any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", ())):
            self.fatal.add(index)
        for output in cell.get("outputs", ()):
            if len(output.get("text", "")) > LONGEST:
                output.text = output.text[:LONGEST] + "\n... output truncated ...\n"
        return cell, resources

    def revive(self, index):
        """A new kernel in the state before cell `index`, but for the cells that end it."""
        kept = deepcopy(self.nb.cells)
        self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel()
        self.start_new_kernel_client()
        for earlier in sorted(set(range(index)) - self.fatal):
            try:
                self.execute_cell(self.nb.cells[earlier], earlier)
            except (DeadKernelError, CellTimeoutError):
                self.fatal.add(earlier)
                self.revive(index)
                break
        self.nb.cells[:] = kept
