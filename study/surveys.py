"""The surveys whose rows stand in `data/surveys/`."""

import warnings
from itertools import product

from bp import family_network
from bp.families import questions

from . import checks, family_trees, minima, optimisers, sequences, symmetry
from .family_trees import (
    ARMS,
    FAMILIES,
    OURS,
    RULES,
    a_split,
    all_weights,
    by_rule,
    error_followed,
    questions_held_out,
    questions_right,
    schedule,
    second_tree,
    those_of_fig_8,
    without_hidden_layers,
)
from .interpretations import (
    FINALISTS,
    SEARCHED,
    Search,
    finalist,
    plateau_experiment,
    region,
)
from .minima import ACTIVATIONS, RATES, WIDTHS, activation_experiment, range_experiment, width_experiment
from .optimisers import METHODS, descent_experiment, method_experiment, momentum_experiment, update_experiment
from .survey import Survey, read_header

SURVEYS = {
    survey.name: survey
    for survey in (
        Survey(
            "symmetry", symmetry.experiment(after=500, measures=[symmetry.doubles, symmetry.weights]), range(10_000)
        ),
        Survey(
            "symmetry_targets",
            symmetry.experiment(low=0.1, high=0.9, after=500, measures=[symmetry.doubles, all_weights]),
            range(10_000),
        ),
        Survey(
            "symmetry_map",
            symmetry.followed,
            range(20),
            [
                {"epsilon": round(0.05 * e, 2), "alpha": round(0.05 * a, 2), "low": 0.1, "high": 0.9}
                for a in (*range(11), 12, 14, 16, 18)
                for e in range(1, 21)
            ]
            + [
                {"epsilon": epsilon, "alpha": alpha, "low": 0.0, "high": 1.0}
                for alpha in (0.0, 0.3, 0.5, 0.7, 0.9)
                for epsilon in (0.05, 0.1, 0.2, 0.3, 0.5, 0.65, 0.8, 1.0)
            ],
        ),
        Survey("symmetry_departures", symmetry.departure, range(20), {"departure": symmetry.DEPARTURES}),
        Survey(  # fresh seeds: the settings were found with the first hundred
            "symmetry_found",
            symmetry.followed,
            range(10_000, 10_500),
            [
                {"epsilon": epsilon, "alpha": alpha, "low": low, "high": 1 - low, "sweeps": 4000}
                for epsilon, alpha, low in ((0.1, 0.9, 0.0), (0.1, 0.9, 0.1), (0.65, 0.3, 0.1), (0.65, 0.25, 0.1))
            ],
        ),
        Survey(  # decay (1 - α) / ε is the same in all
            "symmetry_decay",
            symmetry.followed,
            range(10_000, 10_500),
            [
                {"epsilon": epsilon, "alpha": alpha, "decay": decay, "sweeps": 12_000}
                for epsilon, alpha, decay in ((0.1, 0.9, 1.3e-4), (0.3, 0.7, 1.3e-4), (0.65, 0.3, 1.2e-4))
            ],
        ),
        Survey(
            "symmetry_widths_targets",
            symmetry.width_of_targets,
            range(100),
            {"hidden": [2, 3, 4, 8], "epsilon": [0.1, 0.02]},
        ),
        Survey("symmetry_readings", symmetry.interpretation, range(1000), {"reading": symmetry.READINGS}),
        # the mean over 64 cases, not half the sum: 32 times less
        Survey("symmetry_mean", symmetry.experiment(epsilon=0.1 / 32), range(1000)),
        Survey(
            "symmetry_widths",
            symmetry.width,
            range(1000),
            {"hidden": [2, 3, 4, 6, 8], "epsilon": [0.1, 0.05, 0.02, 0.01]},
        ),
        Survey(
            "families_printed",
            family_trees.printed,
            range(500),
            {"rule": RULES, "decay": [0.002, 0.0], "sweeps": [1500]},
        ),
        Survey(
            "families_patience",
            family_trees.printed,
            range(100),
            {"rule": ["hinge"], "decay": [0.002, 0.0], "sweeps": [15_000]},
        ),
        Survey("families", family_trees.measured, range(1000), {"decay": [0.002, 0.0]}),
        Survey(
            "families_weights",
            family_trees.experiment(measures=[questions_right, all_weights], **OURS),
            range(100),
        ),
        Survey("families_held_out", questions_held_out, range(2000), {"held_out": [1, 4, 8, 16, 24]}),
        Survey(
            "families_questions",
            questions_held_out,
            range(50),
            {"held_out": [" ".join(asked) for asked in questions()]},
        ),
        Survey("families_fig8", questions_held_out, range(10), {"held_out": those_of_fig_8()}),
        Survey("families_splits", questions_held_out, range(5), {"held_out": [a_split(k) for k in range(200)]}),
        Survey("families_error", error_followed(), range(1000)),
        Survey(
            "families_rules", by_rule, range(200), {"rule": ["hinge", "dead zone", "squared"], "decay": [0.002, 0.0]}
        ),
        Survey("families_narrow", family_trees.narrow, range(400), {"decay": [0.002, 0.0]}),
        Survey(
            "families_direct",
            without_hidden_layers,
            range(50),
            {"epsilon": [0.05, 0.1, 0.2], "decay": [0.002, 0.0]},
        ),
        Survey("families_arms", second_tree, range(700), {"arm": ARMS}),
        Survey(  # the best ε of `families_arms_epsilon` for these arms
            "families_arms_best", second_tree, range(300), {"arm": ARMS[:2], "epsilon": [0.2]}
        ),
        Survey("families_arms_many", second_tree, range(100), {"arm": ARMS[:2], "held_out": [12, 26]}),
        Survey(  # ε is chosen with these seeds, and judged with those of the others
            "families_arms_epsilon",
            second_tree,
            range(10_000, 10_050),
            {"arm": ARMS, "epsilon": [0.05, 0.1, 0.2, 0.4]},
        ),
        Survey("sequences", sequences.experiment(), range(1000)),
        Survey("sequences_splits", sequences.experiment, range(40), {"split": sequences.SPLITS, "sweeps": [500]}),
        Survey("sequences_timed", sequences.timed, range(50), {"epsilon": [0.02, 0.005]}),
        *(
            Survey(
                name,
                Search(family_network(), FAMILIES, schedule(0.01, 1500), combinations=tuple(tried), ended=ended),
                range(len(tried)),
            )
            for name, (tried, ended) in SEARCHED.items()
        ),
        Survey(  # fresh seeds: the combinations were found with seeds 0 to 19
            "search_found", finalist, range(1000, 1500), {"number": range(len(FINALISTS))}
        ),
        Survey(
            "region",
            region,
            range(50),
            {
                "epsilon": [0.03, 0.05, 0.07, 0.1, 0.14, 0.2],
                "limit": [0.3, 0.45, 0.6, 0.8, 1.0, 1.4, 2.0],
                "decay": [0.002, 0.0],
            },
        ),
        Survey(
            "gains",
            region,
            range(100),
            {"gain": [1, 1.5, 2, 2.5, 3, 3.5, 4, 5], "decay": [0.002, 0.0]},
        ),
        Survey(
            "plateau",
            plateau_experiment,
            range(20),
            [
                {"depth": depth, "epsilon": epsilon, "limit": limit, "decay": decay}
                for depth, decay in [*product((2, 3, 4, 5), [0.0]), *product([4], [0.0005, 0.001, 0.002, 0.004])]
                for epsilon in (0.01, 0.02, 0.04, 0.08)
                for limit in (0.2, 0.3, 0.45, 0.67, 1.0)
            ],
        ),
        *(
            Survey(name, momentum_experiment, seeds, optimisers.pairs(problem))
            for name, problem, seeds in (
                ("momentum_symmetry", "symmetry", range(50)),
                ("momentum_xor", "XOR", range(50)),
                ("momentum_families", "family trees", range(8)),
            )
        ),
        Survey(
            "momentum_best",
            momentum_experiment,
            range(1000, 1200),
            [
                {"problem": problem, "alpha": alpha, "epsilon": epsilon}
                for problem in ("symmetry", "XOR")
                for alpha, epsilon in optimisers.BEST[problem].items()
            ],
        ),
        Survey(
            "optimisers_symmetry",
            method_experiment,
            range(24),
            {"problem": ["symmetry"], "low": [0.0, 0.1], "limit": [0.3, 1.0, 3.0], "method": METHODS, "budget": [400]},
        ),
        Survey(
            "optimisers_xor",
            method_experiment,
            range(30),
            {"problem": ["XOR"], "low": [0.0, 0.1], "limit": [0.3, 1.0, 3.0], "method": METHODS},
        ),
        Survey(
            "optimisers_families",
            method_experiment,
            range(1000, 1010),
            {
                "problem": ["family trees"],
                "low": [0.0],
                "limit": [1.0],
                "method": [name for name, one in METHODS.items() if one.func is optimisers.by_gradient],
                "budget": [5000],
            },
        ),
        Survey(
            "descent_tried",
            descent_experiment,
            range(40),
            [
                {
                    "problem": problem,
                    "low": low,
                    "limit": limit,
                    "alpha": alpha,
                    "epsilon": round(step * (1 - alpha), 3),
                }
                for problem, steps in optimisers.STEPS.items()
                for low in (0.0, 0.1)
                for limit in (0.3, 1.0, 3.0)
                for alpha in (0.0, 0.7)
                for step in steps
            ],
        ),
        Survey("descent_best", descent_experiment, range(1000, 1200), optimisers.chosen_cells(descent=True)),
        Survey("optimisers_best", method_experiment, range(1000, 1120), optimisers.chosen_cells(descent=False)),
        Survey(
            "momentum_best_families",
            momentum_experiment,
            range(1000, 1050),
            [
                {"problem": "family trees", "alpha": alpha, "epsilon": epsilon}
                for alpha, epsilon in optimisers.BEST["family trees"].items()
            ],
        ),
        Survey(
            "updates",
            update_experiment,
            range(200),
            {
                "problem": ["symmetry", "XOR"],
                "update": ["each sweep", "each case"],
                "alpha": [0.0, 0.9],
                "epsilon": [0.02, 0.1, 0.5],
            },
        ),
        Survey(
            "activations",
            activation_experiment,
            range(60),
            [
                {"problem": problem, "function": function, "hidden": hidden, "alpha": alpha, "epsilon": epsilon}
                for problem, epsilons in RATES.items()
                for function in ACTIVATIONS
                for hidden, alpha in ((2, 0.9), (8, 0.9), (8, 0.5), (8, 0.3))
                for epsilon in epsilons
            ],
        ),
        Survey(
            "ranges",
            range_experiment,
            range(1000),
            {"problem": ["symmetry", "XOR"], "limit": [1e-8, 1e-4, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]},
        ),
        *(
            Survey(
                f"minima_{task.split()[0].lower()}",
                width_experiment,
                range(50),
                [
                    {"task": task, "hidden": hidden, "skips": skips, "low": low, "epsilon": epsilon}
                    for low in ((0.0, 0.1) if task == "symmetry" else (0.0,))
                    for hidden, skips in widths
                    for epsilon in minima.STEPS
                ],
            )
            for task, widths in WIDTHS.items()
        ),
    )
}


def check_rows(file, rows):
    """Train rows of one of the `SURVEYS` in `data/surveys/` again, by number; returns them as they came out now.

    They agree to the last digit; `.attrs["not compared"]` names columns that another platform has decided. Raises
    `ValueError` that names the first row and column that differ, or what is wrong with the file.
    """
    survey = checks.declared(SURVEYS, read_header(file)["survey"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        table = survey.check(file, rows)
    table.attrs["not compared"] = "".join(str(one.message).partition("not compared: ")[2] for one in told)
    return table
