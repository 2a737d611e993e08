"""Pictures: what is drawn is what the arrays hold, and the same picture is the same file."""

import matplotlib
import numpy as np
import pytest

import bp
from bp import draw

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


def test_fig_1_is_drawn_for_two_hidden_units(ax):
    net = bp.layered(6, 3, 1)
    with pytest.raises(ValueError, match="6 inputs and 3 hidden units; expected an even number and 2"):
        draw.symmetry_net(ax, net.matrices(np.zeros((1, net.size))))


def test_histogram_counts_every_run(ax):
    solved_at = np.array([-1, 300, 500, 500, 1999, 2000, -1, -1])
    draw.sweeps_to_solution(ax, solved_at, 2000, [(1208, "PDP"), (1425, "letter")])
    assert sum(bar.get_height() for bar in ax.patches) == len(solved_at)
    assert "3 not\nsolved" in texts(ax) and {"PDP", "letter"} <= set(texts(ax))


def test_learning_curve_draws_what_it_is_given(ax):
    draw.learning_curve(ax, [0, 10, 20], [8.0, 4.0, 1.0], [(10, "solved")])
    assert ax.lines[0].get_xydata().tolist() == [[0, 8], [10, 4], [20, 1]]
    assert texts(ax) == ["solved"]


def test_a_picture_is_the_same_file_each_time_and_whole(ax, tmp_path, monkeypatch):
    files = []
    for name in ("one", "two"):
        monkeypatch.setenv("BP_FIGURES", str(tmp_path / name))
        draw.learning_curve(ax, [0, 1], [1.0, 0.5])
        draw.save(ax.figure, "curve")
        ax.clear()
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1] and sorted(files[0]) == ["curve.png", "curve.svg"]
    assert files[0]["curve.png"].startswith(b"\x89PNG") and files[0]["curve.svg"].rstrip().endswith(b"</svg>")
