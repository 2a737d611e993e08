"""How surveys scale: time and memory against the number of runs, and what a million would take.

The survey is the symmetry net's with the printed procedure, 1,425 sweeps a run. Each size runs in a process of its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from math import ceil

import plain  # noqa: F401  the code of this repository comes first

import numpy as np
import pandas as pd
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor

import bp
import study

RUNS, SWEEPS, MILLION = (2_500, 5_000, 10_000, 20_000), 1425, 1_000_000


def survey(name, runs):
    recipe = {"sweeps": SWEEPS, "epsilon": 0.1, "alpha": 0.9}
    return study.Survey(name, study.Experiment(bp.layered(6, 2, 1), bp.symmetry(), recipe), range(runs))


def measure(runs, cores):
    """Seconds and megabytes that a survey takes, and the seconds that this process itself is busy with it."""
    with tempfile.TemporaryDirectory() as folder, parallel_config(n_jobs=cores):
        survey("warm_up", cores).run(folder)
        begun, busy = time.perf_counter(), time.process_time()
        survey("scale", runs).run(folder)
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    get_reusable_executor().shutdown(wait=True)  # the system tells the memory of processes that have ended
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"runs": runs, "cores": cores, "seconds": seconds, "busy": busy, "MB here": peak[0], "MB a worker": peak[1]}


def main():
    if len(sys.argv) > 1:
        print(json.dumps(measure(*map(int, sys.argv[1:]))))
        return
    rows = []
    for cores in (1, 2):
        for runs in RUNS:
            environment = os.environ | {"TQDM_DISABLE": "1"}
            command = [sys.executable, __file__, str(runs), str(cores)]
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
            rows.append(json.loads(done.stdout))
            print(rows[-1], file=sys.stderr)
    table = pd.DataFrame(rows)
    one, two = (table[table.cores == cores].set_index("runs") for cores in (1, 2))
    slope, start = np.polyfit(one.index, one.seconds, 1)
    off = np.abs(one.seconds / (slope * one.index + start) - 1).max()
    efficiency = min(1, one.seconds[RUNS[-1]] / two.seconds[RUNS[-1]] / 2)
    busy = np.polyfit(two.index, two.busy, 1)[0]  # what is left for one process to do, however many work for it
    *_, seeds = next(survey("scale", RUNS[-1]).parts())
    part, parts = len(seeds), ceil(MILLION / len(seeds))
    print(table.round(2).to_string(index=False))
    print(f"\n{slope * 1e3:.2f} ms a run; a straight line through the times of one core is met within {off:.0%}")
    print(f"efficiency of two cores: {efficiency:.0%}; the coordinating process is busy {busy * 1e6:.0f} µs a run")
    print(f"a million runs are {parts} parts of {part} runs, {part * slope:.1f} s each, which is the least time\n")
    for cores in (1, 16, 1000):
        seconds = max(ceil(parts / cores) * part * slope / (1 if cores == 1 else efficiency), MILLION * busy)
        print(f"a million runs on {cores:5,} cores: {seconds / 60:7.1f} minutes")


if __name__ == "__main__":
    main()
