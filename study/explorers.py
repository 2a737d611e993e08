"""Something to play with: controls around `study.frames`. Not part of `import study`, which needs no widgets."""

from html import escape
from time import perf_counter

import ipywidgets as widgets
import matplotlib.pyplot as plt
import traitlets

from bp.families import ENGLISH, ITALIAN, PEOPLE, RELATIONSHIPS

from . import draw, frames


class Explorer(widgets.VBox):
    """Controls, and the picture that a function draws from their values, drawn anew whenever one of them changes.

    `picture(**values)` returns a figure, its words, and HTML to stand below it. `controls` maps its arguments to
    widgets, or to a tuple of widgets for a tuple of values; `rows` says which widgets stand side by side. With `beside`
    what is to be read stands to the right of the picture, where the window is wide enough. Where no widget can be
    shown, on GitHub for instance, the same output has the picture.
    """

    def __init__(self, picture, controls, rows, beside=False):
        self.picture, self.controls, self.still = picture, controls, False
        self.image, self.numbers, self.took = widgets.HTML(), widgets.HTML(), widgets.HTML()
        wrapped = [widgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]
        shown = [self.image, self.numbers]
        if beside:
            self.image.layout.flex, self.numbers.layout.flex = "0 1 400px", "1 1 380px"
            self.image.layout.min_width = self.numbers.layout.min_width = "0"
            shown = [widgets.HBox(shown, layout={"flex_flow": "row wrap", "grid_gap": "0 16px"})]
        super().__init__([*wrapped, *shown, self.took])
        self.add_class("bp-explorer")
        for control in controls.values():
            for one in control if isinstance(control, tuple) else (control,):
                one.observe(self.redraw, "value")
        self.redraw()

    def values(self):
        """What the controls are set to, by name."""
        return {
            name: tuple(one.value for one in control) if isinstance(control, tuple) else control.value
            for name, control in self.controls.items()
        }

    def redraw(self, _=None):
        """Draw the picture of the controls as they are."""
        if self.still:
            return
        start = perf_counter()
        with plt.rc_context(draw.STYLE):
            figure, self.alt, numbers = self.picture(**self.values())
            self.output = draw.output(figure, self.alt)
        png, alt = self.output[0]["image/png"], escape(self.alt, quote=True)
        self.image.value = f'<img alt="{alt}" src="data:image/png;base64,{png}" style="max-width: 100%">'
        self.numbers.value = f'<div aria-live="polite" style="line-height: 1.4">{numbers}</div>'
        self.took.value = f"<small>computed and drawn in {perf_counter() - start:.2f} s</small>"

    def set(self, **values):
        """Move several controls at once, for one new picture."""
        self.still = True
        try:
            for name, value in values.items():
                control = self.controls[name]
                for one, its in zip(control, value, strict=True) if isinstance(control, tuple) else ((control, value),):
                    one.value = its
        finally:
            self.still = False
        self.redraw()

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = self.output
        return super()._repr_mimebundle_(**kwargs) | data, metadata


WIDE = {"description_width": "initial"}  # room for whole labels


def slider(label, value, low, high, step, kind=widgets.FloatSlider, **rest):
    """A slider that takes effect when it is released."""
    rest = {"continuous_update": False, "style": WIDE, "layout": {"width": "340px"}} | rest
    made = kind(value, description=label, min=low, max=high, step=step, **rest)
    made.layout.max_width = "100%"  # of a phone's screen
    return made


def whole(label, value, low, high, step=1, **rest):
    """The same, of whole numbers."""
    return slider(label, value, low, high, step, widgets.IntSlider, **rest)


def player(along, interval=300):
    """A button that walks a slider to its end."""
    play = widgets.Play(along.value, min=along.min, max=along.max, step=along.step, interval=interval)
    play.tooltip = f"play: {along.description}"
    widgets.jslink((play, "value"), (along, "value"))
    along.observe(lambda change: setattr(play, "max", change.new), "max")
    return play


def switch(label, value=False, **rest):
    """A button that is on or off."""
    return widgets.ToggleButton(value, description=label, **rest)


NARROW = {"width": "230px"}


def symmetry(epsilon=0.1, alpha=0.9, seed=1, hidden=2, targets="0 / 1"):
    """Fig. 1 to play with: train the symmetry net by any ε, α, seed, width and targets, and show it patterns.

    Seed 1 is the first that solves the task within 3,000 sweeps.
    """
    pattern = tuple(switch(f"input {k}", k in (2, 5), layout={"width": "80px"}) for k in range(1, 7))
    rates = slider("ε", epsilon, 0.01, 1.0, 0.01), slider("α", alpha, 0.0, 0.99, 0.01)
    run = whole("seed", seed, 0, 99), whole("hidden units", hidden, 1, 8)
    sweep = whole("sweeps", frames.SWEEPS, 0, frames.SWEEPS, frames.EVERY)
    aim = widgets.ToggleButtons(options=("0 / 1", "0.1 / 0.9"), value=targets, description="targets")
    aim.style.button_width = "80px"
    names = ("pattern", "targets", "epsilon", "alpha", "seed", "hidden", "sweep")
    controls = dict(zip(names, (pattern, aim, *rates, *run, sweep), strict=True))
    return Explorer(frames.symmetry, controls, [pattern, [aim], rates, run, [sweep, player(sweep)]])


def box(label, value, low, high, step, **rest):
    """A number to type, or to change by its arrows."""
    rest = {"style": {"description_width": "34px"}, "layout": {"width": "118px"}} | rest
    return widgets.BoundedFloatText(value, description=label, min=low, max=high, step=step, **rest)


def button(label, do, width="200px"):
    """A button that does something."""
    made = widgets.Button(description=label, layout={"width": width})
    made.on_click(lambda _: do())
    return made


def one_pass(weights=(0.5, -0.4, 0.1, -0.3, 0.8, 0.2, 0.6, -0.7, -0.2)):
    """Equations (1)-(8) by hand: a net with nine weights, step by step forward, back, and down, until it has learned.

    With ε = 1 the weights that it begins with learn XOR in 429 sweeps over the four cases.
    """
    nine = tuple(box(name, one, -50, 50, 0.1) for name, one in zip(frames.NAMES, weights, strict=True))
    cases = [(f"{k >> 1} {k & 1} \N{RIGHTWARDS ARROW} {(k >> 1) ^ (k & 1)}", k) for k in range(4)]
    case = widgets.ToggleButtons(options=cases, value=1, description="case", style={"button_width": "80px"})
    last = len(frames.STEPS) - 1
    epsilon, step = slider("ε", 1.0, 0.1, 10.0, 0.1, layout=NARROW), whole("step", last, 0, last)
    controls = {"weights": nine, "case": case, "epsilon": epsilon, "step": step}

    def change(do, *rest):
        now = explorer.values()
        found = do(now["weights"], *rest, now["epsilon"])
        explorer.set(weights=[round(one, 4) + 0.0 for one in found])

    def sweeps(count):
        change(lambda w, e: frames.swept(w, e, count))

    learn = [
        button("change the weights (8)", lambda: change(frames.descended, case.value)),
        button("a sweep over all cases", lambda: sweeps(1)),
        button("100 sweeps", lambda: sweeps(100), "110px"),
        button("start again", lambda: explorer.set(weights=weights), "110px"),
    ]
    rows = [[case, step, player(step, 1500)], [epsilon, *learn], nine]
    explorer = Explorer(frames.one_pass, controls, rows, beside=True)
    return explorer


class Tree(widgets.GridBox):
    """The people as buttons, in their places in the two trees; `value` is the one chosen last."""

    value = traitlets.Unicode()

    def __init__(self, value):
        self.people = {}
        for name, (row, column) in draw.places(ENGLISH, ITALIAN).items():
            area = f"{row + 1} / {column + 1} / span 1 / span 2"
            self.people[name] = widgets.Button(description=name, layout={"grid_area": area, "width": "auto"})
            self.people[name].on_click(lambda button: setattr(self, "value", button.description))
        grid = {"grid_template_columns": "repeat(15, minmax(0, 1fr))", "max_width": "960px"}
        super().__init__(list(self.people.values()), layout=grid, value=value)

    @traitlets.observe("value")
    def _mark(self, change):
        for name, button in self.people.items():
            button.button_style = "primary" if name == change.new else ""


def family_trees(person="Colin", relationship="aunt", seed=0):
    """Ask a trained net of the family trees anything. Seeds 0 to 99 are stored runs; 0 is the first."""
    tree, run, away = Tree(person), whole("seed", seed, 0, 99), widgets.Dropdown(description="held out", style=WIDE)
    asked = widgets.ToggleButtons(options=RELATIONSHIPS, value=relationship, style={"button_width": "90px"})
    asked.layout.width = "600px"  # two rows of six, as in Fig. 3
    controls = {"person": tree, "relationship": asked, "seed": run}
    explorer = Explorer(frames.family_trees, controls, [[tree], [asked], [run, away]])

    def list_them(_=None):
        four = [(" has-".join(question), question) for question in frames.held_out(run.value)]
        away.options = [("choose one of this run's", ()), *four]

    def jump(change):
        if change.new:
            explorer.set(person=change.new[0], relationship=change.new[1])
            away.value = ()  # or the same one could not be chosen again

    list_them()
    run.observe(list_them, "value")
    away.observe(jump, "value")
    return explorer


def codes(person="Colin", relationship="aunt", seed=0):
    """Set the six units that encode a person by hand, and see whom the net takes them for."""
    units = tuple(slider(f"unit {k}", 0.5, 0.0, 1.0, 0.01, layout=NARROW) for k in range(1, 7))
    whose = widgets.Dropdown(options=PEOPLE, value=person, description="begin with the code of", style=WIDE)
    asked = widgets.Dropdown(options=RELATIONSHIPS, value=relationship, description="has-", style=WIDE)
    run = whole("seed", seed, 0, 99)
    controls = {"code": units, "relationship": asked, "seed": run}
    explorer = Explorer(frames.codes, controls, [[whose, asked], units, [run]])

    def begin(_=None):
        explorer.set(code=frames.person_codes(run.value)[PEOPLE.index(whose.value)].round(2).tolist())

    begin()
    whose.observe(begin, "value")
    run.unobserve(explorer.redraw, "value")  # another run has another code for the same person
    run.observe(begin, "value")
    return explorer


def receptive_fields(seed=0):
    """Fig. 4 growing over the sweeps, with decay and without. Trained here, by our procedure."""
    last = frames.FAMILY_SWEEPS
    sweep, decay, run = (
        whole("sweeps", last, 0, last, frames.EVERY),
        switch("with decay", True),
        whole("seed", seed, 0, 99),
    )
    controls = {"sweep": sweep, "decay": decay, "seed": run}
    return Explorer(frames.receptive_fields, controls, [[sweep, player(sweep)], [decay, run]])


def training_procedure(epsilon=0.01, limit=0.3, decay=0.2, seed=0):
    """Leave the plateau of the family trees, by ε, the range of the initial weights, or decay; printed at first."""
    controls = {
        "epsilon": slider("ε", epsilon, 0.01, 0.3, 0.01),
        "limit": slider("initial weights ±", limit, 0.1, 2.0, 0.1),
        "decay": slider("decay, %", decay, 0.0, 0.4, 0.02),
        "seed": whole("seed", seed, 0, 99),
    }
    one, two, three, four = controls.values()
    return Explorer(frames.training_procedure, controls, [[one, two], [three, four]])


def time(weights=(3.0, -4.0, 5.0, -3.0), start=(1.0, 0.0, 0.0), wanted=0.1, steps=4):
    """Fig. 5 to play with: a recurrent net through time, states forward, derivatives back, and down the gradient."""
    four = tuple(box(f"w{k}", one, -50, 50, 0.1) for k, one in enumerate(weights, 1))
    named = zip(("left", "middle", "right"), start, strict=True)
    first = tuple(slider(f"{name} at 0", one, 0.0, 1.0, 0.05, layout=NARROW) for name, one in named)
    aim = slider("left at the end should be", wanted, 0.0, 1.0, 0.05)
    length, epsilon = whole("time steps", steps, 1, 8), slider("ε", 5.0, 0.5, 50.0, 0.5, layout=NARROW)
    views = frames.views(steps)
    view = widgets.SelectionSlider(options=views, value=views[-1][1], description="shown:", style=WIDE)
    view.continuous_update, view.layout.width = False, "400px"
    play = widgets.Play(view.index, min=0, max=len(views) - 1, interval=800, tooltip="play: forward, then backward")
    widgets.jslink((play, "value"), (view, "index"))
    controls = {"weights": four, "start": first, "wanted": aim, "steps": length, "view": view}

    def stretch(change):
        """More or fewer time steps: the view stays where it was, or at the end if it was there."""
        still, explorer.still = explorer.still, True
        kept = frames.same_view(view.value, change.old, change.new)
        view.options = frames.views(change.new)
        view.value, play.max = kept, len(view.options) - 1
        explorer.still = still
        explorer.redraw()

    def learn(count):
        now = explorer.values()
        told = now["weights"], now["start"], now["wanted"], now["steps"]
        found = frames.learned(*told, epsilon.value, count)
        explorer.set(weights=[round(one, 4) + 0.0 for one in found])

    steps_down = [button("a step of learning (8)", lambda: learn(1)), button("20 steps", lambda: learn(20), "110px")]
    steps_down.append(button("start again", lambda: explorer.set(weights=weights), "110px"))
    rows = [[*four, epsilon, *steps_down], first, [length, aim], [view, play]]
    explorer = Explorer(frames.time, controls, rows, beside=True)
    length.unobserve(explorer.redraw, "value")  # the views go with it
    length.observe(stretch, "value")
    return explorer


def sequences(string="BE", sweep=frames.STRING_SWEEPS, seed=0):
    """PDP's sequence completion to play with: two letters, and what the net says after any number of sweeps."""
    one, two = (
        widgets.ToggleButtons(options=list("ABCDE"), value=letter, description=name, style={"button_width": "40px"})
        for letter, name in zip(string, ("letter 1", "letter 2"), strict=True)
    )
    along = whole("sweeps", sweep, 0, frames.STRING_SWEEPS, 20)
    controls = {"letters": (one, two), "sweep": along, "seed": whole("seed", seed, 0, 99)}
    return Explorer(frames.sequences, controls, [[one, two], [along, player(along)], [controls["seed"]]])


def minima(hidden=2, skips=False, epsilon=0.5, alpha=0.9, seed=0):
    """XOR with any number of hidden units: where do runs get stuck, and what are ways around?"""
    sweep = whole("sweeps", frames.SWEEPS, 0, frames.SWEEPS, frames.EVERY)
    controls = {
        "hidden": whole("hidden units", hidden, 1, 8),
        "skips": switch("connections that skip", skips, layout={"width": "200px"}),
        "epsilon": slider("ε", epsilon, 0.1, 10.0, 0.1),
        "alpha": slider("α", alpha, 0.0, 0.99, 0.01),
        "seed": whole("seed", seed, 0, 99),
        "sweep": sweep,
    }
    one, two, three, four, five, _ = controls.values()
    return Explorer(frames.minima, controls, [[one, two], [three, four], [five], [sweep, player(sweep)]])
