"""Surveys: the same rows whoever trains them, files that survive anything, and rows that anybody can check."""

import errno
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import islice

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

import bp
import study
from bp import files
from study import survey
from study.files import REPOSITORY
from study.identity import core, identify

XOR = bp.Task({"input": [[0, 0, 1, 1], [0, 1, 0, 1]]}, {"output": [[0, 1, 1, 0]]})
PHASES = [{"sweeps": 20, "epsilon": 0.1, "alpha": 0.5}, {"sweeps": 300, "epsilon": 0.5, "alpha": 0.9, "stop": True}]


def output_bias(runs):
    """A user's own function of the trained weights."""
    return {"output bias": runs.net.matrices(runs.fit.weights)["output"][:, 0]}


def xor(hidden=2, epsilon=0.5):
    return study.Experiment(bp.layered(2, hidden, 1), XOR, [PHASES[0], PHASES[1] | {"epsilon": epsilon}], [output_bias])


ONE = study.Survey("one", xor(), range(7))
GRID = study.Survey("grid", xor, range(7), {"hidden": [2, 3], "epsilon": [0.5, 0.2]})


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """So small that a survey of a few runs has several."""
    monkeypatch.setattr(survey, "PARTS", 10)


def contents(folder):
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


# ---------------------------------------------------------------- rows


def test_rows_are_those_of_runs_trained_by_hand():
    table = GRID.table()
    assert list(table) == ["hidden", "epsilon", "seed", "solved_at", "error", "diverged", "output bias"]
    assert len(table) == len(GRID) == 28
    for row in table.itertuples():
        net = bp.layered(2, row.hidden, 1)
        fit = bp.train(net, net.initial_weights([row.seed]), XOR, 20, 0.1, 0.5)
        fit = bp.train(net, fit, XOR, 300, row.epsilon, 0.9, stop=True)
        E, _ = net.gradient(fit.weights, XOR)
        assert (row.solved_at, row.error, row.diverged) == (fit.solved_at[0], E[0], False)
        assert row._7 == fit.weights[0, -1]  # the last of the flat vector: the output's bias
    assert table.solved_at.max() > 20 and table.solved_at.min() == -1


def test_a_grid_can_be_a_list_of_cells():
    cells = [{"hidden": 3, "epsilon": 0.2}, {"hidden": 2, "epsilon": 0.5}]
    table = replace(GRID, grid=cells).table()
    assert table.hidden.tolist() == [3] * 7 + [2] * 7
    whole = GRID.table()
    assert table[:7].equals(whole[(whole.hidden == 3) & (whole.epsilon == 0.2)].reset_index(drop=True))


def test_several_tolerances_have_a_column_each():
    experiment = study.Experiment(bp.layered(2, 2, 1), XOR, PHASES[1] | {"sweeps": 2000, "tolerance": [0.5, 0.1]})
    table = study.Survey("both", experiment, range(20)).table()
    for tolerance in (0.5, 0.1):
        net = experiment.net
        fit = bp.train(net, net.initial_weights(range(20)), XOR, 2000, 0.5, 0.9, tolerance=tolerance, stop=True)
        assert table[f"solved_at {tolerance}"].tolist() == fit.solved_at.tolist()


def test_cases_by_seed_and_a_held_out_score():
    def task(seeds):
        return XOR.hold_out([[seed % 4] for seed in seeds])

    def held_out(runs):
        y = runs.net.forward(runs.fit.weights, XOR.inputs)["output"][:, 0]
        at = np.array(runs.seeds)[:, None] % 4
        d = XOR.targets["output"][0][at]
        return {"right": (np.abs(np.take_along_axis(y, at, 1) - d) < 0.5)[:, 0], "held out": at[:, 0]}

    experiment = study.Experiment(bp.layered(2, 2, 1), task, PHASES, [held_out])
    table = study.Survey("split", experiment, range(8)).table()
    net = experiment.net
    for seed in range(8):
        rest = XOR.hold_out([seed % 4])
        fit = bp.train(net, net.initial_weights([seed]), rest, 20, 0.1, 0.5)
        fit = bp.train(net, fit, rest, 300, 0.5, 0.9, stop=True)
        y = net.forward(fit.weights, XOR.inputs)["output"][0, 0, seed % 4]
        assert table.right[seed] == (abs(y - XOR.targets["output"][0, seed % 4]) < 0.5)
    assert table["held out"].tolist() == [0, 1, 2, 3] * 2


def test_a_run_that_diverges_is_a_row_like_others():
    wild = study.Experiment(bp.Network([bp.Layer("input", 2), bp.Layer("output", 1, bp.linear)],
                                    [bp.Link("input", "output")]), XOR, {"sweeps": 3000, "epsilon": 9.0})  # fmt: skip
    table = study.Survey("wild", wild, range(4)).table()
    assert table.diverged.all() and table.error.isna().all() and (table.solved_at == -1).all()


def test_rows_by_number_in_any_order():
    whole, rows = GRID.table(), [27, 0, 13, 0, 8, 20]
    assert GRID.table(rows).equals(whole.iloc[rows].reset_index(drop=True))


@pytest.mark.slow
def test_two_workers_give_the_same_rows():
    with joblib.parallel_config(n_jobs=2):
        assert GRID.table().equals(GRID.table())
        again = GRID.table()
    assert again.equals(GRID.table())


# ---------------------------------------------------------------- files


def test_the_file_has_the_rows_and_says_what_they_are(tmp_path):
    file = GRID.run(tmp_path)
    assert sorted(contents(tmp_path)) == ["grid.csv", "grid.json"]
    table = study.read_survey(file)
    assert table.equals(GRID.table())
    header = json.loads((tmp_path / "grid.json").read_text("utf-8"))
    assert header == table.attrs["header"]
    assert (header["survey"], header["rows"], header["seeds"]) == ("grid", 28, {"from": 0, "to": 6})
    assert header["cells"][3]["cell"]["hidden"] == 3 and header["cells"][3]["recipe"][1]["epsilon"] == 0.2
    assert header["experiment"]["measures"] == [f"output_bias {identify(output_bias)}"]
    assert header["cells"][3]["net"]["links"] == ["input->hidden: input->hidden", "hidden->output: hidden->output"]
    assert (header["core"], header["libraries"]["numpy"]) == (core(), np.__version__)
    assert "platform" not in header  # which decides nothing here


def test_a_finished_file_is_left_as_it_is(tmp_path, monkeypatch):
    ONE.run(tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(survey, "_train", lambda *_: pytest.fail("nothing is to be trained"))
    ONE.run(tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("use", [lambda folder: ONE.run(folder), lambda folder: ONE.table(stored=folder)])
def test_rows_by_another_core_serve_if_the_first_and_the_last_come_out_again(use, tmp_path, monkeypatch):
    file = ONE.run(tmp_path)
    before, checked = contents(tmp_path), []
    monkeypatch.setattr(survey, "core", lambda: "another")
    with monkeypatch.context() as patch:
        patch.setattr(survey.Survey, "check", lambda self, file, rows: checked.append(rows))
        use(tmp_path)
    assert checked == [[0, 6]]
    use(tmp_path)
    assert contents(tmp_path) == before
    tamper(file, lambda table: table.__setitem__("solved_at", table.solved_at + (table.seed == 6)))
    with pytest.raises(ValueError, match=r"one.csv has solved_at = .* in row 6; expected .* file or code has changed"):
        use(tmp_path)


def test_more_seeds_than_stored_are_trained_fewer_are_read(tmp_path, monkeypatch):
    GRID.run(tmp_path)
    assert replace(GRID, seeds=[5, 2]).table(stored=tmp_path).equals(replace(GRID, seeds=[5, 2]).table())
    assert replace(GRID, seeds=range(8)).table(stored=tmp_path).equals(replace(GRID, seeds=range(8)).table())
    assert replace(GRID, grid=GRID.grid[:1]).table(stored=tmp_path).equals(replace(GRID, grid=GRID.grid[:1]).table())
    assert replace(GRID, name="other").table(stored=tmp_path).equals(GRID.table())
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere; expected the one that has the survey's rows"):
        GRID.table(stored=tmp_path / "nowhere")
    monkeypatch.setattr(survey, "_train", lambda *_: pytest.fail("nothing is to be trained"))
    assert len(replace(GRID, seeds=[5, 2]).table([3], stored=tmp_path)) == 1


class Killed(BaseException):
    """As sudden as `kill -9`: no handler catches it."""


def die():
    raise Killed


@pytest.mark.slow
def test_killed_between_any_two_operations_it_ends_in_the_same_file(tmp_path, monkeypatch):
    """Before and after every file that is written or put in its place, one after another."""
    GRID.run(tmp_path / "whole")
    whole, left = contents(tmp_path / "whole"), [0]

    def mortal(operation):
        def do(*arguments, **more):
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            done = operation(*arguments, **more)
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return done

        return do

    monkeypatch.setattr(files.os, "fsync", mortal(os.fsync))
    monkeypatch.setattr(files.os, "replace", mortal(os.replace))
    monkeypatch.setattr(survey.shutil, "rmtree", mortal(shutil.rmtree))
    monkeypatch.setattr(survey.Path, "replace", mortal(survey.Path.replace))
    monkeypatch.setattr(survey.Path, "unlink", lambda *_, **__: None)  # the dead tidy nothing up
    deaths = 0
    while True:
        folder, left[0] = tmp_path / f"dead {deaths}", deaths + 1
        try:
            GRID.run(folder)
        except Killed:
            deaths += 1
        else:
            break
        left[0] = 0  # lives on
        GRID.run(folder)
        assert contents(folder) == whole, f"killed at operation {deaths}"
    assert deaths > 50


SLOW = """
import time, sys, numpy as np
sys.path.insert(0, {tests!r})
import test_survey
from dataclasses import replace
from itertools import islice
from study import survey
survey.PARTS = 20
def slowly(runs):
    time.sleep(0.05)
    return {{}}
experiment = replace(test_survey.xor(), measures=[test_survey.output_bias, slowly])
replace(test_survey.ONE, experiment=experiment, seeds=range(60)).run({folder!r})
"""


@pytest.mark.slow
def test_kill_9_twice_and_go_on(tmp_path):
    def start(folder):
        program = SLOW.format(tests=str(REPOSITORY / "tests"), folder=str(folder))
        return subprocess.Popen([sys.executable, "-c", program], start_new_session=True)

    assert start(tmp_path / "whole").wait() == 0
    folder, kept = tmp_path / "killed", 0
    for _ in range(2):
        process = start(folder)
        while len(parts := list(folder.glob(".one.parts/0*.csv"))) < kept + 4:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(parts) > kept and not (folder / "one.csv").exists()
        kept = len(parts)
    begun = {path: path.stat().st_mtime_ns for path in folder.glob(".one.parts/0*.csv")}
    process = start(folder)
    while process.poll() is None:  # what there was is not made again
        assert all(path.stat().st_mtime_ns == when for path, when in begun.items() if path.exists())
        time.sleep(0.01)
    assert process.returncode == 0
    assert contents(folder) == contents(tmp_path / "whole")


def test_a_full_disk_at_any_file_leaves_what_was_finished(tmp_path, monkeypatch):
    """And no half of a file; the next run ends in the same file."""
    ONE.run(tmp_path / "whole")
    for number in range(10):  # the header, seven parts, the rows, their header
        folder, left = tmp_path / f"full {number}", [number]

        def fsync(file, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left on device"):
            patch.setattr(files.os, "fsync", fsync)
            ONE.run(folder)
        assert len(contents(folder)) == number and not list(folder.rglob("*.part"))
        assert contents(ONE.run(folder).parent) == contents(tmp_path / "whole")


def stumbling(runs, way, kill=False):
    """A measure that fails at seed 3 while there is a file in its way."""
    if 3 in runs.seeds and os.path.exists(way):
        if kill:
            os.kill(os.getpid(), signal.SIGKILL)
        raise RuntimeError("a mistake in a measure")
    return {}


def test_an_exception_in_a_measure_names_the_seed_and_loses_nothing(tmp_path):
    (way := tmp_path / "way").touch()
    one = replace(ONE, experiment=replace(xor(), measures=[partial(stumbling, way=str(way))]))
    with pytest.raises(RuntimeError, match="a mistake in a measure") as caught:
        one.run(tmp_path / "folder")
    assert caught.value.__notes__ == [
        "with the seeds range(3, 4) of the cell {}; parts of a survey that are finished are kept"
    ]
    assert len(list((tmp_path / "folder" / ".one.parts").glob("0*.csv"))) == 3
    way.unlink()
    assert study.read_survey(one.run(tmp_path / "folder")).equals(one.table())


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills otherwise")
def test_a_worker_that_dies_is_reported_and_loses_nothing(tmp_path):
    (way := tmp_path / "way").touch()
    one = replace(ONE, experiment=replace(xor(), measures=[partial(stumbling, way=str(way), kill=True)]))
    with joblib.parallel_config(n_jobs=2):
        with pytest.raises(ValueError, match=r"a worker process died, .*; expected the same call again, which goes on"):
            one.run(tmp_path / "folder")
        way.unlink()
        assert study.read_survey(one.run(tmp_path / "folder")).equals(one.table())


# ---------------------------------------------------------------- what is refused


def edit(path, **changes):
    header = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps(header), "utf-8")


REFUSED = {
    "the header is no JSON": (
        lambda folder: (folder / "one.json").write_text('{"survey": "on'),
        "one.json is damaged .*; expected JSON as a survey writes it; nothing is overwritten",
    ),
    "the header is of something else": (
        lambda folder: (folder / "one.json").write_text('{"name": "package"}'),
        "one.json is no survey's header",
    ),
    "the header is gone": (lambda folder: (folder / "one.json").unlink(), "one.json is missing"),
    "the rows were edited": (
        lambda folder: (folder / "one.csv").write_text((folder / "one.csv").read_text().replace("False", "True", 1)),
        "one.csv is not the file that its header describes; expected the same SHA-256",
    ),
    "the rows were cut off": (
        lambda folder: os.truncate(folder / "one.csv", 100),
        "one.csv is not the file that its header describes",
    ),
    "it is of another survey": (
        lambda folder: edit(folder / "one.json", survey="two"),
        "one.csv is of another survey or was made otherwise: survey is 'two' there and 'one' here; .* move it away",
    ),
    "it is of other seeds": (
        lambda folder: edit(folder / "one.json", seeds=[3]),
        r"seeds 0 is 3 there and None here; seeds from is None there and 0 here; ",
    ),
    "the rows are gone, and the header is of another survey": (
        lambda folder: (edit(folder / "one.json", survey="two"), (folder / "one.csv").unlink()),
        "one.json is of another survey or was made otherwise: survey is 'two'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_damaged_and_foreign_files_are_refused_and_kept(what, tmp_path):
    damage, message = REFUSED[what]
    ONE.run(tmp_path)
    damage(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=message):
        ONE.run(tmp_path)
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before


def test_another_recipe_under_the_same_name_is_refused(tmp_path):
    ONE.run(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ValueError, match=r"experiment recipe 1 epsilon is 0.5 there and 0.4 here; exp"):
        replace(ONE, experiment=xor(epsilon=0.4)).run(tmp_path)
    assert contents(tmp_path) == before


@pytest.fixture
def begun(tmp_path, monkeypatch):
    """A folder in which ONE has died after two of its seven parts."""
    with monkeypatch.context() as patch:
        patch.setattr(survey, "_train", lambda *given, train=survey._train: islice(train(*given), 2))
        patch.setattr(survey.Survey, "_assemble", lambda *_: die())
        with pytest.raises(Killed):
            ONE.run(tmp_path)
    assert sorted(contents(tmp_path)) == [
        f".one.parts/{name}" for name in ("000000000.csv", "000000001.csv", "header.json")
    ]
    return tmp_path


@pytest.mark.parametrize("what", ["core", "metadata.version"])
def test_parts_that_were_made_otherwise_are_not_mixed_with_ours(what, begun, monkeypatch):
    before = contents(begun)
    monkeypatch.setattr(f"study.survey.{what}", lambda *_: "another")
    with pytest.raises(ValueError, match=r".one.parts is of another survey .*: (core|libraries numpy) is .* here"):
        ONE.run(begun)
    assert contents(begun) == before


@pytest.mark.parametrize("damage", ["unlink", "cut"])
def test_parts_without_a_header_are_refused(damage, begun):
    path = begun / ".one.parts" / "header.json"
    path.unlink() if damage == "unlink" else os.truncate(path, 50)
    before = contents(begun)
    with pytest.raises(ValueError, match=r"header.json is (missing|damaged)"):
        ONE.run(begun)
    assert contents(begun) == before


@pytest.mark.parametrize("cut", ["a line", "half a line", "all", "no text"])
def test_a_damaged_part_is_named_before_anything_is_trained(cut, begun, monkeypatch):
    path = begun / ".one.parts" / "000000001.csv"
    text = path.read_bytes()
    left = {"a line": text[: text.rindex(b"\n", 0, -1) + 1], "half a line": text[:-7], "all": b""}
    path.write_bytes((left | {"no text": text.replace(b"False", b"\xff")})[cut])
    with (
        monkeypatch.context() as patch,
        pytest.raises(ValueError, match=r"001.csv is damaged, .*; expected 1 rows. Delete"),
    ):
        patch.setattr(survey, "_train", lambda *_: pytest.fail("nothing is to be trained"))
        ONE.run(begun)
    path.unlink()
    assert study.read_survey(ONE.run(begun)).equals(ONE.table())


def test_two_at_once_are_refused(begun):
    with (
        survey.FileLock(begun / ".one.parts" / "lock"),
        pytest.raises(ValueError, match=r"another process is at work in"),
    ):
        ONE.run(begun)
    ONE.run(begun)


def other_task(seeds):
    return XOR.hold_out([[seed % 3] for seed in seeds])


def test_a_task_function_that_makes_other_cases_is_another_survey(tmp_path):
    def task(seeds):
        return XOR.hold_out([[(seed + shift) % 4] for seed in seeds])

    shift = 0
    one = replace(ONE, experiment=replace(xor(), task=task))
    one.run(tmp_path)
    shift = 1
    with pytest.raises(ValueError, match=r"experiment task is '.*task\(shift=0\) .*' there and '.*task\(shift=1\) "):
        one.run(tmp_path)
    with pytest.raises(ValueError, match=r"experiment task is '.*task\(shift=0\) .*' there and 'other_task .*' here"):
        replace(ONE, experiment=replace(xor(), task=other_task)).run(tmp_path)


def test_cells_with_other_columns_are_named_at_once(tmp_path):
    def experiment(tolerance):
        return study.Experiment(bp.layered(2, 2, 1), XOR, PHASES[1] | {"tolerance": tolerance})

    mixed = study.Survey("mixed", experiment, range(4), {"tolerance": [0.5, [0.5, 0.1]]})
    for train in (mixed.table, lambda: mixed.run(tmp_path)):
        with pytest.raises(
            ValueError, match=r"there are rows with the columns .*; expected those of all others, tolerance"
        ):
            train()


def test_columns_of_mixed_values_are_the_same_in_memory_in_the_file_and_checked(tmp_path):
    def experiment(limit):
        return replace(xor(), limit=0.3 if limit in (None, "auto", True) else limit, measures=[texts])

    def texts(runs):
        return {"text": [["1", "x", "True", "007"][seed % 4] for seed in runs.seeds]}

    mixed = study.Survey("mixed", experiment, range(5), {"limit": [None, 0.2, True, "auto", 1]})
    table, file = mixed.table(), mixed.run(tmp_path)
    assert table.equals(study.read_survey(file))
    mixed.check(file, range(25))
    mixed.check(file, [6])


def test_seeds_far_apart_take_no_memory():
    assert survey._seeds_in_short([0, 2**70]) == [0, 2**70]
    assert survey._seeds_in_short(range(3, 2**40)) == {"from": 3, "to": 2**40 - 1}


HELPER = """
factor = {factor}


def scale(x):
    return factor * x
"""


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """A user's own module, `helper`, in a folder that workers find, too; returns what writes and loads it anew."""
    folder = tmp_path / "helper"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)

    def load(factor):
        (folder / "helper.py").write_text(HELPER.format(factor=factor))
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        monkeypatch.delitem(sys.modules, "helper", raising=False)
        return importlib.import_module("helper")

    return load


def of_helper(helper):
    """The survey ONE with a measure that calls a function of the module."""
    scale = helper.scale
    return replace(ONE, experiment=replace(xor(), measures=[lambda runs: {"scaled": scale(runs.fit.weights[:, 0])}]))


def test_a_helper_that_changes_while_a_survey_is_interrupted_is_seen(helper, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(survey.Survey, "_assemble", lambda *_: die())
        of_helper(helper(1)).run(tmp_path)
    before = contents(tmp_path / ".one.parts")
    with pytest.raises(ValueError, match=r".one.parts is of another survey .*experiment measures 0 is '.*<lambda> "):
        of_helper(helper(1000)).run(tmp_path)
    assert contents(tmp_path / ".one.parts") == before
    assert of_helper(helper(1)).run(tmp_path).exists()
    with pytest.raises(ValueError, match=r"one.csv is of another survey"):
        of_helper(helper(1000)).run(tmp_path)
    table = of_helper(helper(1000)).table(stored=tmp_path)
    assert np.allclose(table.scaled, 1000 * study.read_survey(tmp_path / "one.csv").scaled)


@pytest.mark.slow
def test_a_worker_with_another_helper_is_refused(helper):
    """It has imported the file as it was, and is kept by joblib for the next survey."""
    with joblib.parallel_config(n_jobs=2):
        get_reusable_executor().shutdown()
        assert len(of_helper(helper(1)).table()) == 7
        with pytest.raises(ValueError, match="a worker has other functions, constants or libraries than this process"):
            of_helper(helper(1000)).table()
        get_reusable_executor().shutdown()
        assert len(of_helper(helper(1000)).table()) == 7


def test_a_set_as_a_grids_values_is_refused():
    with pytest.raises(ValueError, match=r"the grid's hidden is {2, 3}; expected a list of values"):
        replace(GRID, grid={"hidden": {2, 3}, "epsilon": [0.5]})


# ---------------------------------------------------------------- rows checked


def tamper(file, change):
    """Change the rows of a file, and have its header vouch for them."""
    table = study.read_survey(file)
    change(table)
    table.to_csv(file, index=False, lineterminator="\n")
    edit(file.with_suffix(".json"), sha256=survey._sha256(file))


def test_rows_agree_to_the_last_digit(tmp_path):
    file = GRID.run(tmp_path)
    rows = [0, 13, 27]
    assert GRID.check(file, rows).equals(study.read_survey(file).iloc[rows].reset_index(drop=True))

    def last_digit(table):
        table.loc[13, "error"] = np.nextafter(table.loc[13, "error"], 1)

    tamper(file, last_digit)
    GRID.check(file, [0, 12, 14, 27])
    with pytest.raises(ValueError, match=r"grid.csv has error = .* in row 13; expected .*, as the row comes out now"):
        GRID.check(file, rows)


def test_a_sweep_more_or_less_is_seen(tmp_path):
    file = ONE.run(tmp_path)
    tamper(file, lambda table: table.__setitem__("solved_at", table.solved_at + (table.seed == 4)))
    with pytest.raises(ValueError, match=r"has solved_at = .* in row 4; expected"):
        ONE.check(file, range(7))


@survey.platform_bound("the system's mathematical functions")
def bound(runs):
    return {"sine": np.sin(runs.fit.weights[:, 0])}


own_rule = bp.ErrorRule("mine", lambda d: lambda y, out: np.subtract(y, d, out))
BOUND = {  # and the columns that are
    "a measure": (replace(xor(), measures=[output_bias, bound]), ["sine"]),
    "a part of one": (replace(xor(), measures=[output_bias, partial(bound)]), ["sine"]),
    "an error rule": (replace(xor(), recipe=[phase | {"error": own_rule} for phase in PHASES]), None),
    "an activation": (
        replace(xor(), net=bp.Network(
            [bp.Layer("input", 2), bp.Layer("output", 1, bp.Activation(np.arctan, lambda y: np.cos(y) ** 2))],
            [bp.Link("input", "output")],
        )),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BOUND)
def test_what_a_platform_decides_is_compared_on_that_platform_only(what, tmp_path, monkeypatch):
    experiment, columns = BOUND[what]
    one = replace(ONE, experiment=experiment)
    file = one.run(tmp_path)
    columns = columns or ["diverged", "error", "output bias", "solved_at"]
    column = columns[-1] if len(columns) == 1 else "error"
    tamper(file, lambda table: table.__setitem__(column, table[column] * (1 + 1e-15 * (table.seed == 1))))
    one.check(file, [0, 2])
    with pytest.raises(ValueError, match=rf"has {column} = .* in row 1"):
        one.check(file, [1])
    monkeypatch.setattr(survey, "platform", lambda: {"machine": "another"})
    with pytest.warns(UserWarning, match=rf"one.csv is from another platform; not compared: {', '.join(columns)}$"):
        assert list(one.check(file, [1])) == list(one.table())
    if columns == ["sine"]:
        tamper(file, lambda table: table.__setitem__("error", table.error * (1 + 1e-15)))
        with pytest.raises(ValueError, match=r"has error = .* in row"), pytest.warns(UserWarning, match=r"sine$"):
            one.check(file, range(7))


def test_check_rows_names_what_it_does_not_compare_and_does_not_warn(tmp_path, monkeypatch):
    """For a warning would stand in a notebook's output on some machines only."""
    experiment, _ = BOUND["a measure"]
    one = replace(ONE, experiment=experiment)
    monkeypatch.setitem(study.SURVEYS, "one", one)
    file = one.run(tmp_path)
    assert study.check_rows(file, [1]).attrs["not compared"] == ""
    monkeypatch.setattr(survey, "platform", lambda: {"machine": "another"})
    assert study.check_rows(file, [1]).attrs["not compared"] == "sine"


def test_a_cell_that_a_platform_decides_leaves_the_others_alone(tmp_path, monkeypatch):
    def experiment(rule):
        return replace(xor(), recipe=[phase | {"error": RULES[rule]} for phase in PHASES])

    RULES = {"squared": bp.squared, "mine": own_rule}
    two = replace(ONE, experiment=experiment, grid={"rule": RULES})
    file = two.run(tmp_path)
    assert study.read_survey(file).attrs["header"]["platform"] == survey.platform()
    tamper(file, lambda table: table.__setitem__("error", table.error * (1 + 1e-15)))
    monkeypatch.setattr(survey, "platform", lambda: {"machine": "another"})
    with pytest.warns(UserWarning, match="not compared: diverged, error"):
        two.check(file, range(7, 14))
    with pytest.raises(ValueError, match=r"has error = .* in row [0-6]; "), pytest.warns(UserWarning):
        two.check(file, [13, *range(7)])


def test_a_changed_core_is_seen(tmp_path, monkeypatch):
    file = ONE.run(tmp_path)

    def later(*given, epsilon=1, train=bp.train, **rest):
        return train(*given, epsilon=epsilon * (1 + 1e-12), **rest)

    monkeypatch.setattr(survey, "train", lambda *given, **rest: later(*given[:4], **rest))
    with pytest.raises(ValueError, match=r"one.csv has \w+ = "):
        ONE.check(file, range(7))


def test_a_changed_declaration_is_seen(tmp_path):
    file = ONE.run(tmp_path)
    with pytest.raises(ValueError, match=r"one.csv is of another survey or was made otherwise: experiment recipe"):
        replace(ONE, experiment=xor(epsilon=0.4)).check(file, [0])
    with pytest.raises(ValueError, match=r"rows is \[7\]; expected at least one number from 0 to 6"):
        ONE.check(file, [7])
    with pytest.raises(ValueError, match=r"no survey is named 'one'; expected one of symmetry, "):
        study.check_rows(file, [0])


def test_other_columns_are_seen(tmp_path):
    file = ONE.run(tmp_path)
    tamper(file, lambda table: table.insert(0, "bias", table.pop("output bias")))
    with pytest.raises(
        ValueError, match=r"one.csv has the columns \['bias', .*; expected .*'output bias'\], as the survey"
    ):
        ONE.check(file, [0])


# ---------------------------------------------------------------- a cluster


def napping(runs):
    """Long enough to be killed in."""
    time.sleep(0.2)
    return {"worker": np.full(len(runs.seeds), os.getpid())}


@pytest.fixture(scope="module")
def cluster():
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as workers,
        Client(workers) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Dask's own
def test_a_dask_cluster_gives_the_same_file(cluster, tmp_path):
    GRID.run(tmp_path / "here")
    with joblib.parallel_config(backend="dask"):
        GRID.run(tmp_path / "there")
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_killed_dask_worker_changes_no_row(cluster):
    survey = replace(ONE, experiment=replace(xor(), measures=[output_bias, napping]), seeds=range(60))
    alone = replace(survey, experiment=xor()).table()
    victim, *_ = cluster.run(os.getpid).values()
    seen = []

    def kill(result):
        seen.append(result)
        if len(seen) == 3:
            os.kill(victim, signal.SIGKILL)
        return result

    train = study.survey._train
    with joblib.parallel_config(backend="dask"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(study.survey, "PARTS", 20)
        patch.setattr(study.survey, "_train", lambda *given: (kill(result) for result in train(*given)))
        table = survey.table()
    assert len(seen) == 20 and table.worker.nunique() >= 2
    assert victim not in cluster.run(os.getpid).values()
    assert table.drop(columns="worker").equals(alone)


# ---------------------------------------------------------------- what is stored


LONG = {"search_slow", "sequences_timed"}  # a row takes seconds


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in study.SURVEYS]
)
def test_the_first_and_the_last_stored_row_come_out_again(name):
    """To the last digit: a changed core, or a stale survey, fails."""
    file = REPOSITORY / "data" / "surveys" / f"{name}.csv"
    table = study.read_survey(file)
    assert len(table) == len(study.SURVEYS[name])
    assert table.seed.tolist() == [*study.SURVEYS[name].seeds] * len(study.SURVEYS[name].cells)
    study.check_rows(file, [0, len(table) - 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in study.SURVEYS if name not in LONG and "search" not in name])
def test_stored_rows_come_out_again(name):
    """Some between."""
    rows = np.linspace(0, len(study.SURVEYS[name]) - 1, 12).astype(int)
    study.check_rows(REPOSITORY / "data" / "surveys" / f"{name}.csv", rows[1:-1])


def test_nothing_else_is_stored():
    stored = {path.name for path in (REPOSITORY / "data" / "surveys").iterdir() if not path.name.endswith(".parts")}
    assert stored == {f"{name}.{kind}" for name in study.SURVEYS for kind in ("csv", "json")}
