"""What surveys measure, against brute force."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import bp
import study
from study import family_trees, generalisation, symmetry

NET, TASK = bp.layered(6, 2, 1), bp.symmetry()
DATA = Path(__file__).resolve().parent.parent / "data" / "surveys"


def test_what_is_alike_does_the_same():
    """96 nets with one error, on a task that is itself symmetric, and on no other."""
    forms = symmetry.alike()
    assert forms.shape == (96, 17) and len(np.unique(forms, axis=0)) == 96
    assert (np.sort(forms, axis=1) == np.arange(17)).all()
    w = NET.initial_weights([0], 3.0)[0]
    E, _ = NET.gradient(w[forms], TASK)
    assert pytest.approx(E[0]) == E
    first = bp.Task(TASK.inputs, {"output": TASK.inputs["input"][:1]})  # the first input alone
    E, _ = NET.gradient(w[forms], first)
    assert len(np.unique(E.round(9))) > 1


def test_the_order_is_the_same_for_all_that_is_alike():
    w = NET.initial_weights(range(50), 3.0)
    one_way = symmetry.in_order(w)
    for form in symmetry.alike()[:48]:  # the hidden units in their order
        assert np.array_equal(symmetry.in_order(w[:, form]), one_way)
    difference = one_way[:, :3] - one_way[:, 5:2:-1]
    assert (difference > 0).all() and (np.diff(difference, axis=1) < 0).all()


@pytest.mark.parametrize("paper", ["Nature", "PDP"])
def test_distance_is_the_least_over_all_forms(paper):
    printed, rng = symmetry.printed_nets()[paper], np.random.default_rng(0)
    w = printed * rng.uniform(0.75, 1.25, (500, 17))
    w = np.take_along_axis(w, symmetry.alike()[rng.integers(0, 96, 500)], axis=1)
    least = np.abs(w[:, None] / printed[symmetry.alike()] - 1).max(axis=2).min(axis=1)
    assert least.max() < 1 / 3
    assert symmetry.distance(w, printed) == pytest.approx(least)
    assert symmetry.distance(w.reshape(50, 10, 17), printed).shape == (50, 10)
    assert symmetry.distance(printed, printed) == 0


def test_doubles_are_the_nearest_of_all_sweeps():
    experiment = symmetry.experiment(low=0.1, high=0.9, horizon=1500)
    runs = experiment.run([0, 1, 2, 3, 4, 5])
    found = symmetry.doubles(runs, after=120, chunk=50)
    assert 0 < np.count_nonzero(runs.fit.solved_at >= 0) < 6
    for seed, solved_at in enumerate(runs.fit.solved_at):
        if solved_at < 0:
            assert np.isnan(found["PDP distance"][seed]) and found["PDP sweep"][seed] == -1
            continue
        end = solved_at + 120
        fit = bp.train(NET, runs.initial[[seed]], runs.task, end, 0.1, 0.9, tolerance=0.4, snapshots=range(end + 1))
        for paper, printed in symmetry.printed_nets().items():
            far = symmetry.distance(fit.snapshots[:, 0], printed)
            assert (found[f"{paper} distance"][seed], found[f"{paper} sweep"][seed]) == (far.min(), far.argmin())


def test_passing_is_what_snapshots_say():
    """By every fifth sweep; seed 0 ends as 1 : 2 : 4 and comes near the paper's net, with ε = 0.65 and α = 0.3."""
    runs = symmetry.followed(epsilon=0.65, alpha=0.3, sweeps=1500).run(range(4))
    found = symmetry.passing(runs)
    task = bp.symmetry(low=0.1, high=0.9)
    fit = bp.train(NET, runs.initial, task, 1500, 0.65, 0.3, tolerance=0.4, snapshots=range(0, 1500, 5))
    printed = symmetry.printed_nets()["Nature"]
    far, sizes = symmetry.distance(fit.snapshots, printed), symmetry.size(fit.snapshots)
    for run in range(4):
        if far[:, run].min() < 1 / 3:
            assert found["Nature distance"][run] == round(far[:, run].min(), 5)
            assert found["Nature sweep"][run] == 5 * far[:, run].argmin()
        large = np.flatnonzero(sizes[:, run] >= 14.2)
        assert found["large at"][run] == (5 * large[0] if large.size else -1)
        if large.size:
            then = NET.matrices(fit.snapshots[large[0]])
            assert found["hidden bias"][run] == pytest.approx(then["hidden"][run].mean(), abs=1e-4)
            assert found["output bias"][run] == pytest.approx(then["output"][run, 0], abs=1e-4)
        exact = (symmetry.deviation(fit.snapshots[:, run], printed) <= 0.05).any()
        assert found["to the digit"][run] == exact
    assert (found["Nature distance"] < 0.02).any() and found["1 : 2 : 4"].any()


def test_deviation_is_the_least_over_all_forms():
    printed, rng = symmetry.printed_nets()["Nature"], np.random.default_rng(0)
    w = printed + rng.uniform(-0.1, 0.1, (100, 17))
    w = np.take_along_axis(w, symmetry.alike()[rng.integers(0, 96, 100)], axis=1)
    least = np.abs(w[:, None] - printed[symmetry.alike()]).max(axis=2).min(axis=1)
    assert symmetry.deviation(w, printed) == pytest.approx(least)


def test_kinds_and_sizes_of_nets():
    for printed, size in zip(symmetry.printed_nets().values(), (14.2, 12.56), strict=True):
        forms = printed[symmetry.alike()]
        assert symmetry.of_kind(forms).all() and not symmetry.of_kind(forms, 1.5, 2).any()
        assert symmetry.size(forms) == pytest.approx(size)


def test_departures_change_what_they_say():
    assert np.unique(symmetry.departure("none").recipe[0]["epsilon"]) == 0.1
    rates = symmetry.departure("ε of the hidden layer × 1.6").recipe[0]["epsilon"]
    parts = NET.matrices(rates)
    assert np.unique(parts["hidden"]) == np.unique(parts["input->hidden"]) == pytest.approx(0.16)
    assert np.unique(parts["output"]) == np.unique(parts["hidden->output"]) == 0.1
    decay = NET.matrices(symmetry.departure("decay 0.0001, no biases").recipe[0]["decay"])
    assert np.unique(decay["input->hidden"]) == 1e-4 and np.unique(decay["output"]) == 0


def test_the_printed_nets_are_those_of_the_papers():
    W = NET.matrices(symmetry.printed_nets()["PDP"][None])
    assert sorted(np.abs(W["input->hidden"][0, 0])) == [3.17, 3.17, 6.33, 6.33, 12.56, 12.56]
    assert (W["input->hidden"] == -W["input->hidden"][:, :, ::-1]).all()
    for w in symmetry.printed_nets().values():
        y = NET.forward(w[None], TASK.inputs)["output"][0]
        assert ((y > 0.5) == TASK.targets["output"]).all()


def test_the_declared_surveys_are_those_that_were_asked_for():
    """By the printed procedure unless said otherwise: Fig. 1, caption."""
    main = study.SURVEYS["symmetry"].experiment
    first, then = main.recipe
    assert list(study.SURVEYS["symmetry"].seeds) == list(range(10_000)) and main.limit == 0.3
    assert (first["sweeps"], first["epsilon"], first["alpha"], first["stop"]) == (60_000, 0.1, 0.9, True)
    assert (then["sweeps"], then["epsilon"], then["alpha"]) == (500, 0.1, 0.9)
    widths = study.SURVEYS["symmetry_widths"]
    assert len(widths) == 20_000 and {cell["hidden"] for cell in widths.cells} == {2, 3, 4, 6, 8}
    assert [widths.at(cell).recipe[0]["epsilon"] for cell in widths.cells[:4]] == [0.1, 0.05, 0.02, 0.01]
    # the mean of squares over 64 cases is 2 / 64 of half their sum
    assert study.SURVEYS["symmetry_mean"].experiment.recipe[0]["epsilon"] == pytest.approx(0.1 * 2 / 64)
    other = study.SURVEYS["symmetry_targets"].experiment
    assert [phase | {"tolerance": 0} for phase in other.recipe] == [phase | {"tolerance": 0} for phase in main.recipe]
    assert other.recipe[0]["tolerance"] == pytest.approx(0.4) and set(other.task.targets["output"][0]) == {0.1, 0.9}
    seen = {"symmetry_map", "symmetry_departures"}  # what is found with their seeds is judged on others
    fresh = set(study.SURVEYS["symmetry_found"].seeds)
    assert not any(fresh & set(study.SURVEYS[name].seeds) for name in seen) and min(fresh) >= 100
    readings = study.SURVEYS["symmetry_readings"]
    assert {tuple(np.unique(readings.at(cell).task.targets["output"])) for cell in readings.cells} == {
        (0, 1),
        (0.1, 0.9),
    }


# ---------------------------------------------------------------- Figs 2-4


@pytest.fixture(scope="module")
def family_runs():
    return family_trees.experiment(sweeps=400, **family_trees.OURS).run([0, 1, 2])


def test_the_printed_recipe_is_the_captions():
    """Fig. 4: 20 sweeps with ε = 0.005 and α = 0.5, then 0.01 and 0.9, 1,500 in all; decay 0.2%; 4 of 104 held out."""
    survey = study.SURVEYS["families_printed"]
    for cell in survey.cells:
        experiment = survey.at(cell)
        first, then = experiment.recipe
        assert (first["sweeps"], first["epsilon"], first["alpha"]) == (20, 0.005, 0.5)
        assert (then["sweeps"], then["epsilon"], then["alpha"]) == (1480, 0.01, 0.9)
        assert first["decay"] == then["decay"] == cell["decay"] and experiment.limit == 0.3
        held_out = experiment.cases([3, 4]).held_out
        assert held_out.shape == (2, 104) and (held_out.sum(axis=1) == 4).all()
    assert {cell["decay"] for cell in survey.cells} == {0.002, 0.0}
    assert {repr(survey.at(cell).recipe[0]["error"]) for cell in survey.cells} == {
        *("hinge(0.2)", "dead_zone(0.2)", "dead_zone(0.2) of whole cases", "squared")
    }


def test_our_recipe_stands_in_one_place():
    for name in (
        *("families", "families_held_out", "families_questions", "families_fig8", "families_splits"),
        *("families_arms", "families_arms_many"),
    ):
        survey = study.SURVEYS[name]
        for cell in survey.cells[::50]:
            experiment, last = survey.at(cell), survey.at(cell).recipe[-1]
            ours = family_trees.OURS | ({"decay": cell["decay"]} if "decay" in cell else {})
            assert {key: last[key] for key in ("epsilon", "decay", "error")} | {"limit": experiment.limit} == ours


def test_whole_cases_have_all_their_error_or_none():
    d = np.array([[1.0, 1, 1], [0, 0, 0]])
    y = np.array([[[0.9, 0.7, 0.9], [0.1, 0.1, 0.3]]])
    dE_dy = family_trees.RULES["dead zone, whole cases"].derivative(d)(y, np.empty_like(y))
    assert dE_dy == pytest.approx(np.array([[[0, -0.3, -0.1], [0, 0.1, 0.3]]]))


def test_held_out_questions_are_those_that_are_named():
    asked = list(bp.families.questions())
    task = family_trees.questions_held_out("Colin aunt, Roberto wife").task
    assert [asked[case] for case in np.flatnonzero(task.held_out)] == [("Colin", "aunt"), ("Roberto", "wife")]
    sets = [[tuple(name.split()) for name in one.split(", ")] for one in family_trees.those_of_fig_8()]
    assert len({frozenset(one) for one in sets}) == len(sets) == 3 * 6 * 15
    for one in sets:
        answers = [bp.families.questions()[question] for question in one]
        assert sorted(answers) == [("Andrew",), ("Lucia",), ("Lucia",), ("Victoria",)] and len(set(one)) == 4


def test_questions_right_are_counted_one_by_one(family_runs):
    found = family_trees.questions_right(family_runs)
    asked = list(bp.families.questions().values())
    for run in range(3):
        w, held_out = family_runs.fit.weights[[run]], family_runs.task.held_out[run]
        y = family_runs.net.forward(w, family_runs.task.inputs)["person 2"][0].T
        answers = [{bp.families.PEOPLE.index(name) for name in names} for names in asked]
        half = np.array([set(np.flatnonzero(one > 0.5)) == right for one, right in zip(y, answers, strict=True)])
        largest = [set(np.argsort(one)[-len(right) :]) == right for one, right in zip(y, answers, strict=True)]
        for by, answered in (("half", half), ("largest", np.array(largest))):
            assert found[f"held out right by {by}"][run] == answered[held_out].sum()
            assert found[f"trained right by {by}"][run] == answered[~held_out].sum()
    assert found["trained right by half"].max() > 50


def test_twins_by_name(family_runs):
    found, people = family_trees.twins(family_runs), bp.families.PEOPLE
    y = family_runs.net.forward(family_runs.fit.weights, family_runs.task.inputs)["person 2"]
    for run in range(3):
        values, leads = {who: [] for who in ("right", "twin", "own tree", "other tree")}, 0
        for case in np.flatnonzero(family_runs.task.held_out[run]):
            answers = list(bp.families.questions().values())[case]
            twins = {people[(people.index(name) + 12) % 24] for name in answers}
            english = answers[0] in bp.families.ENGLISH
            others = []
            for name, activity in zip(people, y[run, :, case], strict=True):
                own = (name in bp.families.ENGLISH) == english
                who = "right" if name in answers else "twin" if name in twins else "own tree" if own else "other tree"
                values[who].append(activity)
                others += [activity] if who == "other tree" else []
            leads += min(y[run, people.index(name), case] for name in twins) > max(others)
        for who, activities in values.items():
            assert found[f"held out y {who}"][run] == pytest.approx(np.mean(activities), abs=1e-6)
        assert found["held out twin leads"][run] == leads


def test_decay_is_balanced_when_nothing_moves_any_more():
    """A net without a hinge's corners comes to rest: then the gradient of every weight is balanced, to many digits."""
    recipe = {"sweeps": 20_000, "epsilon": 0.1, "alpha": 0.9, "decay": 0.002}
    task = bp.Task({"input": [[0, 1, 0, 1], [0, 0, 1, 1]]}, {"output": [[0.2, 0.8, 0.5, 0.8]]})
    runs = study.Experiment(bp.layered(2, 1), task, recipe | {"error": bp.squared, "tolerance": 0.2}).run([0, 1])
    found = family_trees.balance(runs, sweeps=3)
    for when in ("at the end", "on average"):
        assert found[f"balance r {when}"] == pytest.approx(1, abs=1e-9)
        assert found[f"imbalance {when}"] == pytest.approx(0, abs=1e-6)
    early = study.Experiment(runs.net, task, recipe | {"sweeps": 30, "error": bp.squared, "tolerance": 0.2}).run([0, 1])
    assert (family_trees.balance(early, sweeps=3)["imbalance at the end"] > 0.1).all()


def test_usefulness_takes_one_weight_away_at_a_time(family_runs):
    net, error = family_runs.net, family_trees.OURS["error"]
    links = [name for name in net.shapes if "->" in name]
    w, task = family_runs.fit.weights[[1]], family_runs.task.of_runs([1])
    E, _ = net.gradient(w, task, error)
    sizes, rises = [], []
    for name in links:
        for place in np.ndindex(net.shapes[name]):
            without = w.copy()
            part = net.matrices(without)[name][0]
            sizes.append(abs(part[place]))
            part[place] = 0
            rises.append(net.gradient(without, task, error)[0][0] - E[0])
    expected = stats.spearmanr(sizes, rises).statistic
    assert family_trees.usefulness(family_runs)["usefulness"][1] == pytest.approx(expected, abs=1e-6)


def test_stored_weights_give_the_run_again():
    """The hundred runs whose weights are kept are those of the survey of a thousand; four digits are enough."""
    stored, thousand = (study.SURVEYS[name].table(stored=DATA) for name in ("families_weights", "families"))
    w = stored.filter(regex=r"^w\d+$").to_numpy()
    y = bp.family_network().forward(w, bp.family_trees().inputs)["person 2"]
    aunts = y[:, :, bp.families.case_of("Colin", "aunt")]
    expected = thousand[thousand.decay > 0][[f"y {name}" for name in bp.families.PEOPLE]].to_numpy()[:100]
    assert w.shape == (100, 630) and aunts == pytest.approx(expected, abs=2e-3)
    assert stored["held out right by half"].tolist() == thousand["held out right by half"].tolist()[:100]


def test_codes_and_colins_aunts_are_read_off_the_net(family_runs):
    found = family_trees.codes(family_runs) | family_trees.colin(family_runs)
    parts = family_runs.net.matrices(family_runs.fit.weights)
    assert len(found) == 24 * 6 + 12 * 6 + 12 + 24
    assert found["3 Gina"] == pytest.approx(parts["person 1->person code"][:, 2, 22], abs=5e-4)
    assert found["6 niece"] == pytest.approx(parts["relationship->relationship code"][:, 5, 9], abs=5e-4)
    assert found["2 person bias"] == pytest.approx(parts["person code"][:, 1], abs=5e-4)
    inputs = {"person 1": np.eye(24)[:, [5]], "relationship": np.eye(12)[:, [11]]}
    y = family_runs.net.forward(family_runs.fit.weights, inputs)["person 2"]
    assert found["y Jennifer"] == pytest.approx(y[:, 9, 0], abs=5e-5)


# ---------------------------------------------------------------- does the second tree help?


def arms(seeds, held_out=4):
    return {arm: family_trees.second_tree(arm, held_out).cases(seeds) for arm in family_trees.ARMS}


def test_the_arms_hold_out_the_same_english_questions():
    tasks, plain = arms(range(20)), bp.family_trees()
    english = [person in bp.families.ENGLISH for person, _ in bp.families.questions()]
    assert english == [True] * 52 + [False] * 52
    same = tasks[family_trees.BOTH].held_out
    assert (same.sum(axis=1) == 4).all() and not same[:, 52:].any() and len(np.unique(same, axis=0)) == 20
    for task in tasks.values():
        assert (task.held_out[:, :52] == same[:, :52]).all()
        for layer, states in (task.inputs | task.targets).items():
            assert (states[..., :52] == (plain.inputs | plain.targets)[layer][:, :52]).all()
    for arm, italian in ((family_trees.ENGLISH_ALONE, True), (family_trees.COUNTERPARTS, same[:, :52])):
        assert (tasks[arm].held_out[:, 52:] == italian).all()


def test_arms_are_judged_on_other_seeds_than_those_that_chose_their_epsilon():
    seeds = {name: set(study.SURVEYS[f"families_arms{name}"].seeds) for name in ("_epsilon", "", "_best", "_many")}
    chosen = seeds.pop("_epsilon")
    assert not any(chosen & others for others in seeds.values())


def test_scrambled_answers_by_name():
    """Each relationship has a permutation of the twelve Italians of its own; who is asked what stays."""
    task, asked = family_trees.second_tree(family_trees.SCRAMBLED).cases([0, 1]), bp.families.questions()
    assert (task.inputs["relationship"] == bp.family_trees().inputs["relationship"]).all()
    for run in (0, 1):
        permutations = {}
        for case, ((_, relationship), answers) in list(enumerate(asked.items()))[52:]:
            now = [bp.families.PEOPLE[k] for k in np.flatnonzero(task.targets["person 2"][run, :, case])]
            assert len(now) == len(answers) and set(now) <= set(bp.families.ITALIAN)
            permutations.setdefault(relationship, set()).add((answers, tuple(now)))
        for pairs in permutations.values():  # one to one
            assert len({before for before, _ in pairs}) == len({after for _, after in pairs}) == len(pairs)
        changed = sum(before != after for pairs in permutations.values() for before, after in pairs)
        assert changed > 0.7 * sum(map(len, permutations.values()))
    assert (task.targets["person 2"][0] != task.targets["person 2"][1]).any()


def test_one_permutation_for_all_relationships_would_only_be_new_names():
    """Output units that change places with their weights make the same error: nothing would be scrambled."""
    net, task = bp.family_network(), bp.family_trees()
    new = np.concatenate([np.arange(12), 12 + np.random.default_rng(0).permutation(12)])
    w = net.initial_weights([0], 1.0)
    renamed = w.copy()
    for name in ("penultimate->person 2", "person 2"):
        net.matrices(renamed)[name][:] = net.matrices(w)[name][:, new]
    other = bp.Task(task.inputs, {"person 2": task.targets["person 2"][new]})
    assert net.gradient(renamed, other)[0] == pytest.approx(net.gradient(w, task)[0], rel=1e-12)


def test_renamed_relationships_keep_the_tree():
    """The Italian questions that had one relationship have another one; the answers stay."""
    task, plain = family_trees.second_tree(family_trees.RENAMED).cases([3]), bp.family_trees()
    now, before = (
        inputs["relationship"].reshape(12, 104).argmax(axis=0)[52:] for inputs in (task.inputs, plain.inputs)
    )
    assert len(set(zip(before, now, strict=True))) == 12 == len(set(now)) and np.mean(now != before) > 0.7
    assert (task.targets["person 2"] == plain.targets["person 2"]).all()


def test_english_questions_right_are_those_of_the_snapshots():
    experiment = family_trees.second_tree(family_trees.COUNTERPARTS, sweeps=(300, 400))
    runs = experiment.run([0, 1])
    found, w, phases = family_trees.english_right(runs), runs.initial, experiment.recipe
    for sweeps in (300, 400):
        fit = w
        for phase, count in zip(phases, (20, sweeps - 20), strict=True):
            how = {key: value for key, value in phase.items() if key not in ("sweeps", "snapshots")}
            fit = bp.train(runs.net, fit, runs.task, count, **how)
        for by in ("half", "largest"):
            right = bp.right(runs.net, fit.weights, runs.task, by)
            for name, those in (("held out", runs.task.held_out), ("taught", ~runs.task.held_out)):
                assert (found[f"{name} right by {by} at {sweeps}"] == (right & those)[:, :52].sum(axis=1)).all()
    assert found["taught right by half at 400"].max() > 20


# ---------------------------------------------------------------- errors, outputs, weights


def test_negligible_is_when_the_error_first_falls_below():
    recipe = family_trees.OURS | {"decay": 0.0}
    experiment = family_trees.recorded(family_trees.experiment(sweeps=700, **recipe), record=1)
    runs = experiment.run([0, 1, 2])
    silent = np.full((3, 24, 104), 0.2)  # no unit is on
    d, taught = runs.task.targets["person 2"], ~runs.task.held_out[:, None]
    E = 0.5 * (np.where(d == 1, 0.8 - silent, 0) ** 2 * taught).sum(axis=(1, 2))
    assert family_trees.silent_error(runs.task) == pytest.approx(E)
    found = family_trees.negligible(runs)
    for share in family_trees.NEGLIGIBLE:
        for run in range(3):
            below = [
                at for at, e in zip(runs.fit.recorded_at, runs.fit.error[:, run], strict=True) if e <= share * E[run]
            ]
            assert found[f"E below {share:.1%}"][run] == (below[0] if below else -1)
    assert found["E below 1.0%"].max() > 0


def test_outputs_beyond_the_bounds_are_counted_one_by_one(family_runs):
    found, w = family_trees.outputs_beyond(family_runs), family_runs.fit.weights
    y = family_runs.net.forward(w, family_runs.task.inputs)["person 2"]
    for run in range(3):
        taught = np.flatnonzero(~family_runs.task.held_out[run])
        pairs = [(y[run, k, c], family_runs.task.targets["person 2"][k, c]) for c in taught for k in range(24)]
        on, off = ([value for value, d in pairs if d == which] for which in (1, 0))
        assert found["on above 0.8"][run] == pytest.approx(np.mean([value >= 0.8 for value in on]), abs=1e-4)
        assert found["off below 0.2"][run] == pytest.approx(np.mean([value <= 0.2 for value in off]), abs=1e-4)
        assert found["y on"][run] == pytest.approx(np.median(on), abs=1e-4)
    sizes = family_trees.sizes(family_runs)
    assert sizes["largest weight"] == pytest.approx([max(map(abs, one)) for one in w.tolist()], abs=1e-4)
    assert sizes["rms weight"] == pytest.approx(np.linalg.norm(w, axis=1) / np.sqrt(630), abs=1e-4)


def test_without_hidden_layers_and_shared_splits():
    net = family_trees.without_hidden_layers(0.1, 0.0).net
    assert net.size == 36 * 24 + 24 and {link.target for link in net.links} == {"person 2"}
    names = family_trees.a_split(7).split(", ")
    assert len(set(names)) == 4 and names == family_trees.a_split(7).split(", ") != family_trees.a_split(8).split(", ")
    assert family_trees.questions_held_out(family_trees.a_split(7)).task.held_out.sum() == 4


# ---------------------------------------------------------------- other ways to answer


def test_the_nearest_neighbour_by_hand():
    """Colin's aunts are those of his sister Charlotte; nobody else has Penelope as a wife."""
    number = bp.families.case_of
    cases = [number("Colin", "aunt"), number("Christopher", "wife"), number("Andrew", "daughter")]
    assert generalisation.nearest_neighbour(cases).tolist() == [1, 0, 1]
    siblings = [number("Colin", "aunt"), number("Charlotte", "aunt")]  # nobody else has them
    assert generalisation.nearest_neighbour(siblings).tolist() == [0, 0]
    nieces = [case for case, (_, relationship) in enumerate(bp.families.questions()) if relationship == "niece"]
    assert not generalisation.nearest_neighbour(nieces).any()  # nobody else is taught an answer


def test_who_ever_answers_in_the_other_tree():
    assert generalisation.answers_in_the_other_tree("Colin", "aunt") == {"Angela", "Gina"}
    assert generalisation.answers_in_the_other_tree("Alfonso", "nephew") == {"Colin"}


def test_who_has_the_same_answer():
    same = dict(zip(bp.families.questions(), generalisation.same_answer(), strict=True))
    assert same["Colin", "mother"] and same["Andrew", "son"] and not same["Colin", "sister"]
    by_relationship = {name: {yes for (_, r), yes in same.items() if r == name} for name in bp.families.RELATIONSHIPS}
    unique = ("husband", "wife", "brother", "sister")
    assert by_relationship == {name: {name not in unique} for name in bp.families.RELATIONSHIPS}


def test_guesses_and_pairs_of_runs():
    assert generalisation.guesses().sum() == pytest.approx(96 / 6 + 8 / 15)
    assert generalisation.four_and_three([4, 3, 2]) == pytest.approx(1 / 3)
    assert generalisation.four_and_three([4, 4, 3, 0]) == pytest.approx(3 / 6)
    assert generalisation.four_and_three([3, 3]) == 0
