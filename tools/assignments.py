"""The classroom's assignments: hand out, mark, and show how the marking was tested.

python tools/assignments.py generate                 source/ -> release/, what students get
python tools/assignments.py grade FOLDER             marks, marks of each cell, and feedback, into runs/grades
python tools/assignments.py table                    mark tests/submissions/ and write their table into the guide
"""

import argparse
import os
import sys

import plain

SETTINGS = os.path.join(plain.REPOSITORY, "runs", "settings")
if __name__ == "__main__" and "BP_ASSIGNMENTS" not in os.environ:  # no mark may depend on a user's settings
    plain.begin_anew(plain.environment(SETTINGS) | {"BP_ASSIGNMENTS": "1"})
sys.path.insert(0, os.path.join(plain.REPOSITORY, "notebooks", "assignments"))

import course

from bp.files import write_whole
from study.files import REPOSITORY


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
