"""Run the surveys whose rows stand in data/surveys/. Killed, it goes on where it was.

python tools/surveys.py                                      all that are not there yet
python tools/surveys.py --only symmetry_widths --seeds 100   one, with the first 100 seeds, into runs/surveys/
"""

import argparse
import os
import time
from dataclasses import replace

import plain

from joblib import parallel_config

import study
from study.files import REPOSITORY
from study.reproduction import WORK, reference, whole_number


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", metavar="NAME", help="one survey, by name; default: all")
    arguments.add_argument(
        "--seeds", metavar="N", type=whole_number, help="the first N seeds of each, into runs/surveys/"
    )
    asked = arguments.parse_args()
    if asked.only and asked.only not in study.SURVEYS:
        raise SystemExit(f"there is no survey {asked.only!r}; expected one of {', '.join(study.SURVEYS)}")
    if asked.seeds is not None and asked.seeds < 1:
        raise SystemExit(f"the number of seeds is {asked.seeds}; expected at least 1")
    folder = REPOSITORY / "data" if asked.seeds is None else REPOSITORY / "runs"
    for survey in study.SURVEYS.values():
        if asked.only not in (None, survey.name):
            continue
        if asked.seeds is not None:
            survey = replace(survey, seeds=survey.seeds[: asked.seeds])
        begun, there = time.monotonic(), (folder / "surveys" / f"{survey.name}.csv").exists()
        try:
            with parallel_config(n_jobs=os.cpu_count()):
                file = survey.run(folder / "surveys")
                how = f"{time.monotonic() - begun:,.0f} s"
                if there and asked.seeds is None:
                    left_out = study.check_rows(file, [0, len(survey) // 2, len(survey) - 1]).attrs["not compared"]
                    but = f", but for what another platform decides: {left_out}" if left_out else ""
                    how = f"there already; three of them trained again agree{but}"
        except (ValueError, OSError) as error:
            raise SystemExit("\n".join([f"{survey.name}: {error}", *getattr(error, "__notes__", ())])) from error
        except KeyboardInterrupt:
            raise SystemExit(f"interrupted: the same command goes on where {survey.name} was") from None
        print(f"{file.relative_to(REPOSITORY)}: {len(survey):,} runs, {how}", flush=True)


if __name__ == "__main__":
    # NumPy and BLAS read their environment when they are loaded, which has happened: begin again, so that columns which
    # go through them come out as on all machines of the reference platform.
    if "BP_REFERENCE" not in os.environ:
        plain.begin_anew(plain.environment(WORK / "settings") | reference() | {"BP_REFERENCE": "1"})
    main()
