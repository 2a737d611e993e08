"""The notebooks in JupyterLab, as a reader has them: run, and played with by keyboard and by mouse."""

import re
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import TimeoutError

import bp

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
STATE = "e => e.querySelector('img').src + e.querySelector('[aria-live]').innerHTML"


def opened(page, address, path):
    """A notebook, freshly opened, none of its cells run."""
    page.goto(f"{address}/lab/tree/{path}.ipynb?reset")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def run_all(page, minutes=5):
    """Run all cells, and wait until each has its number."""
    prompts = ".jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)"  # of hidden sources there is no number
    numbers = f"[...document.querySelectorAll('{prompts}')].map(e => e.innerText)"
    for _ in range(5):  # a page that is not ready yet takes no notice
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        with suppress(TimeoutError):
            page.wait_for_function(f"{numbers}.some(text => /[\\d*]/.test(text))", timeout=10_000)
            break
    page.wait_for_function(f"{numbers}.every(text => /\\d/.test(text))", timeout=minutes * 60_000)


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

    def type(self, label, text):
        """Type a number where a slider shows its own."""
        self.slider(label).locator(".widget-readout").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def read(self, label):
        return self.slider(label).locator(".widget-readout").inner_text()


each = pytest.mark.parametrize("name", NOTEBOOKS)
SLIDERS = dict(zip(NOTEBOOKS, (2, 5, 1, 7, 2, 7, 5, 4, 2, 5), strict=True))
LATER = {("5_recurrent_equivalence", "ε")}  # what counts for the next step of learning changes no picture
AT_END = "e => e.getAttribute('aria-valuenow') === e.getAttribute('aria-valuemax')"
WAY = "e => (e.ariaValueNow - e.ariaValueMin) / (e.ariaValueMax - e.ariaValueMin)"  # of a handle, from 0 to 1


@each
def test_a_published_notebook_shows_pictures_where_widgets_will_be(page, lab, name):
    opened(page, lab, f"notebooks/{name}")
    page.wait_for_timeout(500)
    assert page.locator(".jp-OutputArea img").count()
    assert not page.get_by_text(re.compile("Error displaying widget|Loading widget")).count()


@each
def test_every_cell_runs_and_every_control_does_something(page, lab, name):
    opened(page, lab, f"fresh/{name}")
    run_all(page)
    assert not page.locator(
        "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
    ).count()
    played = Played(page)
    assert played.alt()
    labels = played.box.locator(".widget-slider .widget-label").all_inner_texts()
    assert len(labels) == played.box.locator(".widget-readout").count() == SLIDERS[name]
    for label in labels:
        if (name, label) in LATER:
            continue
        before = played.read(label)
        last = played.slider(label).locator(".noUi-handle").evaluate(AT_END)
        played.changes(played.press, label, "ArrowLeft" if last else "ArrowRight")
        assert played.read(label) != before
        way = played.slider(label).locator(".noUi-handle").evaluate(WAY)
        played.changes(played.drag, label, 0.37 if way > 0.5 else 0.63)
        if last:  # of a walk: what the next slider changes may be seen only at its end
            played.changes(played.press, label, "End")
    for button in played.box.locator("button.widget-toggle-button").all():
        if "mod-active" not in button.get_attribute("class"):
            played.changes(button.click)
    for chooser in played.box.locator("select").all():
        played.changes(chooser.select_option, index=2)


@pytest.fixture
def explorer(page, lab, play):
    """Opens a notebook of one cell, which shows an explorer, and returns it played."""

    def show(name):
        opened(page, lab, play(name))
        run_all(page)
        return Played(page)

    return show


def test_symmetry_by_hand(explorer, page):
    """What a reader sees is what the core computes; how fast it is there is printed, not judged."""
    net, task = bp.layered(6, 2, 1), bp.symmetry()
    fit = bp.train(net, net.initial_weights([1]), task, 3000, 0.1, 0.9)
    played = explorer("symmetry")
    assert f"solved after {fit.solved_at[0]:,} sweeps" in played.numbers()
    y = net.forward(fit.weights, task.inputs)
    for inputs, toggled in ((0b010010, None), (0b110010, "input 1"), (0b110011, "input 6"), (0b100011, "input 2")):
        if toggled:
            played.changes(played.box.get_by_role("button", name=toggled).click)
        assert (
            f"says that {inputs:06b} is {'symmetric' if y['output'][0, 0, inputs] > 0.5 else 'not symmetric'}: right"
            in played.numbers()
        )
        for k, name in enumerate(("left hidden unit", "right hidden unit")):
            assert name in played.numbers()
            assert f"{y['hidden'][0, k, inputs]:.2f}" in played.numbers().split(name)[1].split("\n")[0]
        assert f"{inputs:06b}" in played.alt()

    played.changes(played.press, "sweeps", "Home")
    assert f"After 0, E = {fit.error[0, 0]:.2f}" in played.numbers()
    played.changes(played.press, "sweeps", "ArrowRight")
    assert f"After 50, E = {fit.error[50, 0]:.2f}" in played.numbers()
    played.changes(played.press, "hidden units", "ArrowRight")
    wider = bp.layered(6, 3, 1)
    again = bp.train(wider, wider.initial_weights([1]), task, 3000, 0.1, 0.9)
    assert "hidden 3" in played.numbers() and f"After 50, E = {again.error[50, 0]:.2f}" in played.numbers()
    played.changes(played.press, "hidden units", "ArrowLeft")

    times = [played.changes(played.press, "seed", "ArrowRight") for _ in range(15)]  # trains anew each time
    print(f"from key to picture: {sorted(round(1000 * took) for took in times)} ms")


def rests(played, page):
    """Whether nothing changes any more for two seconds; what was asked for before may still come, on a busy machine."""
    for _ in range(10):
        before = played.state()
        page.wait_for_timeout(2000)
        if played.state() == before:
            return True
    return False


def test_play_walks_through_the_sweeps_and_stops(explorer, page):
    played = explorer("symmetry")
    played.changes(played.press, "sweeps", "Home")
    play, stop = (played.box.locator(".widget-play button").nth(k) for k in (0, 1))
    played.changes(play.click)
    seen = set()
    for _ in range(4):
        played.changes(lambda: None)
        seen.add(played.read("sweeps"))
    assert len(seen) >= 3
    play.click()  # which now says pause
    at = played.read("sweeps")
    assert rests(played, page) and played.read("sweeps") == at
    stop.click()
    assert rests(played, page)
    assert played.read("sweeps") == "0" and "After 0," in played.numbers()


def test_one_pass_by_hand(explorer):
    played = explorer("one_pass")
    assert "(8)" in played.numbers()
    played.changes(played.press, "step", "Home")
    assert "(1)" not in played.numbers()
    for step, shows in enumerate(("x3", "x4", "x5", "(4)", "∂E/∂w53", "∂E/∂w31", "∂E/∂w41", "(8)")):
        assert shows not in played.numbers(), step
        played.changes(played.press, "step", "ArrowRight")
        assert shows in played.numbers(), step
    E = lambda: float(re.search(r"E = ½ .* = ([\d.]+)", played.numbers())[1])  # noqa: E731
    before = E()
    promised = float(re.search(r"from E = [\d.]+ to ([\d.]+)", played.numbers())[1])
    played.changes(played.box.get_by_role("button", name="change the weights (8)").click)
    assert E() == pytest.approx(promised, abs=1e-4) and promised < before
    played.changes(played.box.get_by_role("button", name="1 1 → 0").click)
    assert "wanted: d = 0" in played.numbers()


def test_family_trees_by_hand(explorer):
    played = explorer("family_trees")
    assert played.numbers().startswith("Colin, has-aunt? (taught)")
    assert "Should be: Jennifer and Margaret. By Hinton's criterion that is right." in played.numbers()
    played.changes(played.box.get_by_role("button", name="Alfonso", exact=True).click)
    assert "Should be: Angela and Gina" in played.numbers()
    played.changes(played.box.get_by_role("button", name="mother", exact=True).click)
    assert "Should be: Lucia." in played.numbers()
    played.changes(played.box.get_by_role("button", name="wife", exact=True).click)
    assert "(never asked)" in played.numbers()
    played.changes(played.box.locator("select").select_option, index=1)
    assert "held out: this run was never taught it" in played.numbers()


def theme(page, name):
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_text(f"JupyterLab {name}", exact=True).click()
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'")
    page.wait_for_timeout(500)


def test_readable_in_the_dark_theme(explorer, page):
    """Words and labels are light on dark; the pictures keep their white ground."""
    played = explorer("symmetry")
    color = "e => getComputedStyle(e).color"
    light = played.box.locator("[aria-live]").evaluate(color)
    theme(page, "Dark")
    dark, label = (
        one.evaluate(color)
        for one in (played.box.locator("[aria-live]"), played.slider("seed").locator(".widget-label"))
    )
    theme(page, "Light")
    brightness = lambda rgb: sum(map(float, re.findall(r"[\d.]+", rgb)[:3])) / 3  # noqa: E731
    assert brightness(light) < 100 and brightness(dark) > 150
    assert brightness(label) > 150


def test_notebook_7_shows_and_moves_it_too(classic, page, play):
    """There the arrow keys belong to the notebook; a slider's number can be typed, or its handle dragged."""
    page.theirs = ["Cannot read properties of undefined (reading 'schema')"]  # of Notebook 7.6, whatever it opens
    page.goto(f"{classic}/notebooks/{play('symmetry')}.ipynb")
    page.locator(".jp-CodeCell").wait_for()
    page.locator("[data-status=idle]").first.wait_for()
    run_all(page)
    played = Played(page)
    played.changes(played.type, "seed", "12")
    assert "seed 12:" in played.numbers()
    played.changes(played.drag, "sweeps", 0)
    assert "After 0, E" in played.numbers()
    played.changes(played.box.get_by_role("button", name="input 1").click)
    assert "110010" in played.numbers()
