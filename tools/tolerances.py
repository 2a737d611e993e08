"""How far stored rows differ when another kernel computes them: data/surveys/tolerances.csv, which `check_rows` reads.

Trains rows of every stored survey again under each of OpenBLAS's kernels, and without NumPy's AVX-512, and keeps the
largest difference from the stored value in every column of numbers.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from portability import kernels_to_try, own
from tqdm import tqdm

import bp
from bp.files import REPOSITORY, write_whole

ROWS = 240  # of each survey, evenly spaced
FEWER = {  # some of whose runs take seconds
    "sequences_timed": 10,
    "families_patience": 40,
    "families_weights": 40,
    "recipe_steps": 60,
    "recipe_random": 60,
    "optimisers": 60,
    "optimisers_families": 12,
}
FOLDER = REPOSITORY / "data" / "surveys"
TRAIN = """
import sys, numpy as np, bp
name, rows, out = sys.argv[1:]
bp.SURVEYS[name].table(np.array(rows.split(","), int)).to_csv(out, index=False)
"""


def difference(name, setting, python, settings):
    """The largest differences of a survey's rows under some settings from the stored ones, column by column."""
    stored = bp.read_survey(FOLDER / f"{name}.csv")
    rows = np.linspace(0, len(stored) - 1, FEWER.get(name, ROWS)).astype(int)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.csv"
        environment = own() | settings | {"TQDM_DISABLE": "1"}
        subprocess.run([python, "-c", TRAIN, name, ",".join(map(str, rows)), out], env=environment, check=True)
        again = pd.read_csv(out)
    numbers = [column for column in again if again[column].dtype.kind in "biuf"]
    before, now = (table[numbers].astype(float).reset_index(drop=True) for table in (stored.iloc[rows], again))
    assert (before.isna() == now.isna()).all(axis=None), f"{name}: missing values differ under {setting}"
    return (before - now).abs().max().fillna(0).rename(setting)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="these surveys; what is known of others is kept")
    names = arguments.parse_args().only or list(bp.SURVEYS)
    tried = {name: found for name, found in kernels_to_try() if not isinstance(found, str)}
    jobs = [(name, setting) for name in names for setting in tried]
    work = Parallel(n_jobs=os.cpu_count(), return_as="generator", batch_size=1, backend="threading")(
        delayed(difference)(name, setting, *tried[setting]) for name, setting in jobs
    )
    found = {}
    for (name, setting), largest in zip(jobs, tqdm(work, total=len(jobs)), strict=True):
        found.setdefault(name, {})[setting] = largest
    rows = [
        (name, column, f"{largest:.1e}", differences[column].idxmax() if largest else "", FEWER.get(name, ROWS))
        for name, settings in found.items()
        for differences in [pd.DataFrame(settings).T]
        for column, largest in differences.max().items()
    ]
    table = pd.DataFrame(rows, columns=["survey", "column", "difference", "largest under", "rows"])
    if set(names) < set(bp.SURVEYS):
        known = pd.read_csv(FOLDER / "tolerances.csv", dtype=str, keep_default_na=False)
        table = pd.concat([known[known.survey.isin(set(bp.SURVEYS) - set(names))], table])
        table = table.sort_values("survey", key=lambda of: of.map(list(bp.SURVEYS).index), kind="stable")
    write_whole(FOLDER / "tolerances.csv", lambda part: table.to_csv(part, index=False, lineterminator="\n"))
    print(table.to_string(index=False))
    print("tried:", ", ".join(tried))


if __name__ == "__main__":
    main()
