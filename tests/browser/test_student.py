"""nbgrader's menus: readers see none; a student validates a released assignment, which fails until it is solved."""

import shutil

import nbformat
import pytest

from conftest import REPOSITORY

NAME = "1_unit_and_layer"
COURSE = REPOSITORY / "notebooks" / "assignments"


@pytest.fixture
def validate(page):
    """Presses nbgrader's button, and returns what the dialog says."""

    def press():
        page.get_by_role("button", name="Validate").click()
        dialog = page.locator(".jp-Dialog")
        dialog.wait_for()
        said = dialog.inner_text()
        dialog.locator("button").last.click()
        return said

    return press


GRADING = ("Nbgrader", "Validate", "Create Assignment", "Formgrader", "Assignment List", "Course List")


def grading(page):
    """What of nbgrader a JupyterLab with an open notebook shows: menus, buttons, tabs of the side bars."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    names = page.locator(".lm-MenuBar-item, .jp-Toolbar-item, .lm-TabBar-tab")
    shown = [f"{one.get_attribute('title') or ''} {one.inner_text()}" for one in names.all()]
    return {word for word in GRADING if any(word in text for text in shown)}


def test_readers_see_no_menus_for_grading(page, lab, lab_with_nbgrader):
    page.goto(f"{lab_with_nbgrader}/lab/tree/notebooks/0_overview.ipynb?reset")
    assert grading(page) == {"Nbgrader", "Validate", "Create Assignment"}
    page.goto(f"{lab}/lab/tree/notebooks/0_overview.ipynb?reset")
    assert grading(page) == set()


def test_a_released_assignment_fails_then_passes(page, home, lab_with_nbgrader, validate):
    shutil.copy(COURSE / "release" / NAME / f"{NAME}.ipynb", home)
    solved = nbformat.read(COURSE / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    page.goto(f"{lab_with_nbgrader}/lab/tree/{NAME}.ipynb?reset")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    assert "fail" in validate().lower()

    cells = page.locator(".jp-Notebook .jp-Cell")
    for number, cell in enumerate(solved.cells):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            if cell.cell_type == "markdown":
                cells.nth(number).dblclick()
            cells.nth(number).locator(".cm-content").click()
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.insert_text(cell.source)
    assert "success" in validate().lower()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.get_by_text("forward is right").wait_for()
