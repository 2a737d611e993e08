"""The classroom's assignments: hand out, mark, and show how the marking was tested.

python tools/assignments.py generate                 source/ -> release/, what students get
python tools/assignments.py grade FOLDER             marks, marks of each cell, and feedback, into runs/grades
python tools/assignments.py table                    mark tests/submissions/ and write their table into the guide
"""

import os
import sys

DECIDES = ("PYTHON", "JUPYTER", "IPYTHON", "NBGRADER", "MPL", "MATPLOTLIB")  # what no mark may depend on
PLAIN = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONUTF8")
CLEANED = "BP_ENVIRONMENT_CLEANED"
if __name__ == "__main__" and CLEANED not in os.environ:
    clean = {name: value for name, value in os.environ.items() if name in PLAIN or not name.startswith(DECIDES)}
    os.execve(sys.executable, [sys.executable, *sys.argv], clean | {CLEANED: "1"})

import argparse

from bp.files import write_whole
from study.files import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "notebooks" / "assignments"))

import course


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="source/ -> release/")
    marking = commands.add_parser("grade", help="mark what students handed in")
    marking.add_argument("folder", help="holds <student>/<assignment>/<assignment>.ipynb, or without the inner folder")
    marking.add_argument("--out", default=REPOSITORY / "runs" / "grades", help="default: runs/grades")
    marking.add_argument("--jobs", type=int, default=2, help="how many submissions at a time; default: 2")
    commands.add_parser("table", help="mark tests/submissions/ and write their table into the guide")
    asked = arguments.parse_args()
    if asked.command == "generate":
        course.release()
    elif asked.command == "grade":
        problems = course.grade(asked.folder, asked.out, asked.jobs)
        print(f"written to {asked.out}: marks.csv, cells.csv, by_hand.csv, feedback/")
        if problems:
            raise SystemExit("not marked, or to be looked at:\n" + "\n".join(problems))
    else:
        for name in course.ASSIGNMENTS:
            text = course.table(name, *course.graded(name))
            write_whole(course.COURSE / "README.md", lambda part, text=text: part.write_text(text, "utf-8"))


if __name__ == "__main__":
    main()
