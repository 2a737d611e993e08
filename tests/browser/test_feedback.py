"""A feedback page in the browser: what a student may have put into it does not run, and pictures are there."""

import importlib
import sys

from conftest import REPOSITORY

sys.path[:0] = [str(REPOSITORY / "tools"), str(REPOSITORY / "tests")]
marking = importlib.import_module("test_assignments")
FIRST = marking.FIRST


def feedback(notebook, folder):
    marking.tool.hand_in(notebook, folder / "in", "anna", FIRST)
    assert marking.tool.grade(folder / "in", folder / "out") == []
    return (folder / "out" / "feedback" / "anna" / f"{FIRST}.html").as_uri()


def test_nothing_of_a_students_runs(page, tmp_path):
    page.theirs = [f"Failed to load resource: net::{error}" for error in ("ERR_FILE_NOT_FOUND", "ERR_FAILED")]
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(feedback(marking.hostile(), tmp_path), wait_until="load")
    for element in page.locator("main a, .container a, img, summary, button").all()[:60]:
        element.dispatch_event("mouseover")
        element.dispatch_event("click")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hit") is None
    assert page.locator("iframe, object, form, #notebook svg").count() == 0
    assert page.get_by_text("window.hit = 1").count() > 0, "it is shown as text"


def test_a_picture_as_an_answer_is_shown(page, tmp_path):
    page.theirs = [f"Failed to load resource: net::{error}" for error in ("ERR_FILE_NOT_FOUND", "ERR_FAILED")]
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(feedback(marking.pasted(), tmp_path), wait_until="load")
    picture = page.locator("img[alt=photo]")
    assert picture.evaluate("image => image.naturalWidth") == 1
    assert page.locator("img[src^='data:image/png']").count() > 3, "the notebook's own pictures, too"
