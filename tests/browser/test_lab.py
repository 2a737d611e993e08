"""The notebooks in JupyterLab, as a reader has them: run, and played with by keyboard and by mouse."""

import re
from pathlib import Path
from time import monotonic

import pytest

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
STATE = "e => e.querySelector('img').src + e.querySelector('[aria-live]').innerHTML"


def opened(page, address, name):
    """A notebook, freshly opened, none of its cells run."""
    page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?reset")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def run_all(page, minutes=5):
    """Run all cells, and wait until each has its number."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    last = page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
    page.wait_for_timeout(500)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=minutes * 60_000)
    assert re.fullmatch(r"\[\d+\]:", last.inner_text())


class Played:
    """An explorer on a page, and what is done to it."""

    def __init__(self, page):
        self.page, self.box = page, page.locator(".bp-explorer").last
        self.box.scroll_into_view_if_needed()

    def state(self):
        return self.box.evaluate(STATE)

    def changes(self, do, *args, **kwargs):
        """Do something, and wait until the picture or the numbers are others; returns the seconds it took."""
        before = self.state()
        do(*args, **kwargs)
        start = monotonic()
        box = self.box.element_handle()
        self.page.wait_for_function(f"([e, before]) => ({STATE})(e) !== before", arg=[box, before], polling=10)
        took = monotonic() - start
        self.page.wait_for_timeout(150)  # let what may follow arrive
        return took

    def numbers(self):
        return self.box.locator("[aria-live]").inner_text()

    def alt(self):
        return self.box.locator("img").get_attribute("alt")

    def slider(self, label):
        return self.box.locator(".widget-slider", has=self.page.get_by_text(label, exact=True))

    def drag(self, label, to):
        """Drag a slider's handle to a fraction of its way."""
        slider = self.slider(label)
        handle, track = slider.locator(".noUi-handle").bounding_box(), slider.locator(".noUi-base").bounding_box()
        self.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + to * track["width"], handle["y"] + handle["height"] / 2, steps=5)
        self.page.mouse.up()

    def press(self, label, key):
        """Give the keyboard to a slider's handle, and press a key."""
        self.slider(label).locator(".noUi-handle").focus()
        self.page.keyboard.press(key)

    def read(self, label):
        return self.slider(label).locator(".widget-readout").inner_text()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_runs_and_every_control_does_something(page, lab, name):
    opened(page, lab, name)
    assert page.get_by_text(re.compile("Error displaying widget|Loading widget")).count() == 0
    run_all(page)
    assert (
        page.locator(".jp-OutputArea-output[data-mime-type*=stderr], .jp-RenderedText[data-mime-type*=error]").count()
        == 0
    )
    played = Played(page)
    assert played.alt()

    labels = played.box.locator(".widget-slider .widget-label").all_inner_texts()
    assert labels
    for label in labels:
        before = played.read(label)
        key = "ArrowLeft" if played.slider(label).locator("[aria-valuenow]").evaluate(AT_END) else "ArrowRight"
        played.changes(played.press, label, key)
        assert played.read(label) != before
        played.changes(played.drag, label, 0.37)
    for button in played.box.locator("button.widget-toggle-button:not(.mod-active)").all()[:12]:
        played.changes(button.click)
    for chooser in played.box.locator("select").all():
        played.changes(chooser.select_option, index=2)


AT_END = "e => e.getAttribute('aria-valuenow') === e.getAttribute('aria-valuemax')"
