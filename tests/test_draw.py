"""Pictures: what is drawn is what the arrays hold, and the same picture is the same file."""

import io
from base64 import b64decode

import matplotlib
import numpy as np
import pytest
from PIL import Image

import bp
from study import draw

matplotlib.use("Agg")
plt = draw.plt


@pytest.fixture
def ax():
    with plt.rc_context(draw.STYLE):
        yield plt.figure().add_subplot()
    plt.close("all")


def texts(ax):
    return [text.get_text().replace("\N{MINUS SIGN}", "-") for text in ax.texts]


def test_fig_1_shows_every_weight_and_bias_once_more_than_the_net_has_units(ax):
    net = bp.layered(6, 2, 1)
    w = np.arange(1, net.size + 1)[None] * 1.1 * (-1) ** np.arange(net.size)
    draw.symmetry_net(ax, net.matrices(w))
    numbers = sorted(float(text) for text in texts(ax) if any(c.isdigit() for c in text))
    assert numbers == sorted(np.round(w[0], 1))


def test_fig_1_places_weights_as_printed(ax):
    """The left hidden unit's weights stand left of the inputs, the first input on top."""
    net = bp.layered(6, 2, 1)
    w = np.zeros((2, net.size))
    net.matrices(w)["input->hidden"][1] = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]
    draw.symmetry_net(ax, net.matrices(w), run=1)
    place = {text.get_text(): text.get_position() for text in ax.texts}
    left, right = [place[f"{k:.1f}"] for k in range(1, 7)], [place[f"{k:.1f}"] for k in range(7, 13)]
    assert all(x < 0 for x, _ in left) and all(x > 0 for x, _ in right)
    for column in (left, right):
        assert [y for _, y in column] == sorted((y for _, y in column), reverse=True)


@pytest.mark.parametrize("hidden", [1, 3, 8])
def test_fig_1_is_drawn_for_any_number_of_hidden_units(ax, hidden):
    net = bp.layered(6, hidden, 1)
    w = np.random.default_rng(0).uniform(-20, 20, (1, net.size))
    draw.symmetry_net(ax, net.matrices(w))
    numbers = [float(text) for text in texts(ax) if "." in text]
    assert sorted(numbers) == sorted(w[0].round(1))
    place = [text.get_position() for text in ax.texts]
    assert len(set(place)) == len(place) and all(abs(x) < ax.get_xlim()[1] for x, _ in place)


def test_fig_1_is_drawn_for_an_even_number_of_inputs(ax):
    net = bp.layered(5, 2, 1)
    with pytest.raises(ValueError, match="5 inputs; expected an even number"):
        draw.symmetry_net(ax, net.matrices(np.zeros((1, net.size))))


def test_histogram_counts_every_run(ax):
    solved_at = np.array([-1, 300, 500, 500, 1999, 2000, -1, -1])
    draw.sweeps_to_solution(ax, solved_at, 2000, [(1208, "PDP"), (1425, "letter")])
    assert sum(bar.get_height() for bar in ax.patches) == len(solved_at)
    assert "3 not\nsolved" in texts(ax) and {"PDP", "letter"} <= set(texts(ax))


@pytest.mark.parametrize(("never", "dashed"), [(3, [1999]), (4, [2000]), (5, [2000]), (6, [])])
def test_histogram_marks_the_median_of_all_runs_if_it_is_finite(ax, never, dashed):
    """Of 5 that solve their task and some that never do it is the run in the middle, or the earlier of the two."""
    draw.sweeps_to_solution(ax, np.array([300, 500, 500, 1999, 2000] + never * [-1]), 2000)
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"] == dashed


def test_histogram_counts_thousands_as_they_are_written(ax):
    draw.sweeps_to_solution(ax, np.array([1000] + 5722 * [-1]), 2000)
    assert "5,722 not\nsolved" in texts(ax)


def test_learning_curve_draws_what_it_is_given(ax):
    draw.learning_curve(ax, [0, 10, 20], [8.0, 4.0, 1.0], [(10, "solved")])
    assert ax.lines[0].get_xydata().tolist() == [[0, 8], [10, 4], [20, 1]]
    assert texts(ax) == ["solved"]


def test_a_picture_is_the_same_file_each_time_and_whole(tmp_path, monkeypatch, capsys):
    """Also where the last bits of its arrangement are others, as they may be each time."""
    files = []
    arrange = plt.Figure.draw_without_rendering
    for name, last_bits in (("one", 0), ("two", 1e-14)):

        def draw_without_rendering(figure, last_bits=last_bits):
            arrange(figure)
            for one in figure.axes:
                one.set_position(one.get_position(original=True).translated(last_bits, last_bits))
            for part in figure.subfigs:
                part.bbox_relative.set_points(part.bbox_relative.get_points() + last_bits)

        monkeypatch.setattr(plt.Figure, "draw_without_rendering", draw_without_rendering)
        monkeypatch.setenv("BP_FIGURES", str(tmp_path / name))
        with plt.rc_context(draw.STYLE):
            figure = plt.figure(layout="constrained")
            for part in figure.subfigures(1, 2):
                draw.learning_curve(part.add_subplot(), [0, 1], [1.0, 0.5])
            draw.show(figure, "curve", "a curve that falls")
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1] and sorted(files[0]) == ["curve.png", "curve.svg"]
    assert capsys.readouterr().out == ""  # outside of Jupyter, where nothing shows a picture
    assert files[0]["curve.png"].startswith(b"\x89PNG") and files[0]["curve.svg"].rstrip().endswith(b"</svg>")


def test_a_picture_is_cut_where_matplotlib_would_cut_it():
    """Its labels, and what stands beside its axes, are seen whole."""
    pictures = []
    for write in (lambda figure, file: figure.savefig(file, dpi=100, bbox_inches="tight"), shown_into):
        figure, ax = plt.subplots(figsize=(2, 2), layout="constrained")
        ax.set_ylabel("beside the axes")
        ax.annotate("outside", (1.4, 0.5), xycoords="axes fraction")
        write(figure, file := io.BytesIO())
        plt.close(figure)
        pictures.append(np.asarray(Image.open(file).convert("L"), int))
    assert abs(np.subtract(pictures[0].shape, pictures[1].shape)).max() <= 1
    ink = [(picture < 128).sum() for picture in pictures]
    assert ink[1] == pytest.approx(ink[0], rel=0.02)


def shown_into(figure, file):
    data, _ = draw.output(figure, "")
    file.write(b64decode(data["image/png"]))


def test_finished_is_the_share_that_has_solved_it(ax):
    solved_at = np.array([100, 200, 200, 400, -1])
    draw.finished(ax, solved_at, 1000, "five runs")
    sweeps, share = ax.lines[0].get_data()
    assert sweeps[-1] == pytest.approx(1000) and share[-1] == pytest.approx(0.8)
    for at, expected in ((150, 0.2), (300, 0.6), (900, 0.8)):
        assert share[np.searchsorted(sweeps, at)] == pytest.approx(expected)


def test_fig_5_draws_every_copy_of_every_weight(ax):
    draw.layered_chain(ax, 3)
    names = [f"$w_{k}$" for k in (1, 2, 3, 4)]
    assert sorted(text for text in texts(ax) if text) == sorted(names * 3)
    assert len(ax.collections) == 12  # units
    ax.clear()
    draw.iterative_chain(ax)
    assert sorted(text for text in texts(ax) if text) == sorted(names)


def test_fig_5_shades_states_and_rings_derivatives(ax):
    states, slopes = np.full((2, 3), np.nan), np.zeros((2, 3))
    states[0], slopes[1] = [0, 0.5, 1], [-1, 0, 2]
    draw.layered_chain(ax, 1, states, slopes, names=False, mark=True)
    low, half, high, *_ = (dots.get_facecolor()[0][0] for dots in ax.collections)  # how much red is left
    assert low > half > high
    left, middle, right = (dots.get_linewidth()[0] for dots in ax.collections[3:])
    assert right > left > middle
    assert [text for text in texts(ax) if text] == ["A set of\ncorresponding\nweights"]


def test_activity_is_shown_as_it_is(ax):
    y = np.arange(12).reshape(3, 4) / 12
    draw.activity(ax, y, "AD")
    assert np.array_equal(ax.images[0].get_array(), y) and ax.images[0].get_clim() == (0, 1)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3", "4"]


def test_an_animation_is_the_same_file_each_time_and_whole(ax, tmp_path, monkeypatch):
    files = []
    for name in ("one", "two"):
        monkeypatch.setenv("BP_FIGURES", str(tmp_path / name))
        draw.animate(ax.figure, lambda k: ax.plot([0, 1], [0, k]), 3, "film", seconds=1)
        ax.clear()
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1] and list(files[0]) == ["film.gif"]
    assert files[0]["film.gif"].startswith(b"GIF89a")


def squares(ax):
    """Centres, areas and colours of the squares of a picture of states, their background apart."""
    found = [patch for patch in ax.patches if isinstance(patch, plt.Rectangle) and patch.get_width() <= 1]
    return [(*patch.get_center(), patch.get_width() * patch.get_height(), patch.get_facecolor()[:3]) for patch in found]


def test_hinton_squares_have_the_area_and_colour_of_their_weights(ax):
    weights = np.array([[1.0, -0.25, 0], [-1.0, np.nan, 0.5]])
    draw.hinton(ax, weights, ["a", "b"], ["x", "y", "z"], largest=1)
    (drawn,) = ax.collections
    corners = np.array([path.vertices[:4] for path in drawn.get_paths()])
    for (x, y), (width, height), color in zip(
        corners.mean(axis=1), np.ptp(corners, axis=1), drawn.get_facecolor(), strict=True
    ):
        w = weights[round(y), round(x)]
        assert (x, y) == pytest.approx((round(x), round(y))) and width == pytest.approx(height)
        assert width * height == pytest.approx(0.92**2 * abs(w))
        assert w == 0 or tuple(color) == ((1, 1, 1, 1) if w > 0 else (0, 0, 0, 1))
    assert len(corners) == 5, "a missing weight leaves its place empty"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y", "z"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    ax.clear()
    draw.hinton(ax, weights)
    assert len(ax.collections[0].get_paths()) == 5 and not ax.get_xticklabels() and not ax.get_yticklabels()


def test_fig_2_has_parents_above_their_children_and_couples_side_by_side(ax):
    for people, tree in zip((bp.families.ENGLISH, bp.families.ITALIAN), bp.families.TREES.values(), strict=True):
        draw.family_tree(ax, people, tree, {people[0]: "red"})
        place = {text.get_text(): text.get_position() for text in ax.texts}
        assert set(people) < set(place) and [text.get_text() for text in ax.texts].count("=") == 5
        for husband, wife, sons, daughters in tree:
            assert place[husband][1] == place[wife][1] and 2 < abs(place[husband][0] - place[wife][0]) < 3
            between = sorted((place[husband][0], place[wife][0]))
            assert not [
                name
                for name, (x, y) in place.items()
                if y == place[wife][1] and between[0] < x < between[1] and name != "="
            ]
            assert all(place[child][1] == place[wife][1] - 1 for child in sons + daughters)
        assert len(set(place.values())) == len(place)
        ax.clear()


def test_a_layered_net_has_all_its_units_and_counts_its_weights(ax):
    net = bp.family_network()
    draw.layered_net(ax, net, {"person 2": "the answer"})
    circles = [patch.get_center() for patch in ax.patches if isinstance(patch, plt.Circle)]
    assert len(circles) == len(set(circles)) == sum(net.units.values())
    assert sorted(int(text) for text in texts(ax) if text.isdigit()) == [72, 72, 72, 72, 144, 144]
    assert "person 2: 24, the answer" in texts(ax)


def test_fig_3_shows_activity_as_area_and_dots_the_right_answers(ax):
    net = bp.family_network()
    rng = np.random.default_rng(0)
    states = {name: rng.uniform(0, 1, units) for name, units in net.units.items()}
    draw.activity_levels(ax, states, [9, 10], bp.families.PEOPLE, bp.families.RELATIONSHIPS)
    white = [(x, y, area) for x, y, area, color in squares(ax) if color == (1, 1, 1)]
    assert len(white) == sum(net.units.values())
    top = {(int(x), int(y)): area for x, y, area in white if y < 2}  # English above Italian
    assert [top[k % 12, k // 12] for k in range(24)] == pytest.approx(0.94**2 * states["person 2"])
    dots = [patch.get_center() for patch in ax.patches if isinstance(patch, plt.Circle)]
    assert dots == [(9.5, 0.5), (10.5, 0.5)]  # Jennifer, Margaret
    names = {text.get_text(): text.get_position()[0] for text in ax.texts}
    assert names["Jennifer, Angela"] == 9.5 and names["mother, aunt"] == 19.5
