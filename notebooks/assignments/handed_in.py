"""Finds out what was handed in: whose each file is and for which assignment, however folders and files are called."""

import os
import re
import shutil
import stat
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path

LARGEST = 100_000_000  # bytes of a notebook, and ten times that of what is in an archive
JUNK = re.compile(
    r"(^|/)(\.ipynb_checkpoints|__MACOSX|\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini|__pycache__|\.git)(/|$)"
)
PLATFORMS = [  # how they name files and folders: the student, numbers, and the student's own name for the file
    re.compile(r"^(?P<who>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)$"),  # Moodle
    re.compile(r"^(?P<who>[^_]+)(?:_late)?_(?P<number>\d+)_\d+_(?P<rest>.+)$", re.IGNORECASE),  # Canvas
    re.compile(r"^.+?_(?P<who>[^_]+)_attempt_[-\d]+_?(?P<rest>.*)$"),  # Blackboard
]
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zipx")  # for which there is no reader, or no need
NO_ONE = re.compile(
    r"^[\W\d_]*((copy|final|new|old|version|v|solution|submission|done|fixed)[\W\d_]*)*$", re.IGNORECASE
)


class HandedIn:
    """What is in a folder: `found`, {(student, assignment): path}; `problems` and `notes`, sentences.

    scratch: a folder for what is in archives; check: a function of a path and an assignment that says what is wrong
    with a notebook, or returns None.
    """

    def __init__(self, folder, scratch, assignments, check):
        self.folder, self.scratch, self.assignments, self.check = Path(folder), Path(scratch), assignments, check
        self.found, self.problems, self.notes, self.files = {}, [], [], []
        self.students, self.archives = set(), 0
        if not self.folder.is_dir():
            raise SystemExit(f"there is no folder {folder}; expected one with a folder for each student")
        self.walk(self.folder, (), "")
        if not self.files and not self.problems and not self.students:
            raise SystemExit(f"{folder} holds no folders; expected <student>/<assignment>/<assignment>.ipynb in it")
        self.sort_out()

    # -------------------------------- files

    def walk(self, folder, parts, shown, depth=0):
        """Note all files below a folder: (parts of the path, path, how it is shown)."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(
                f"{shown or folder}: cannot be read ({error.strerror}); expected a folder that you may read"
            )
            return
        for entry in entries:
            name, place = unicodedata.normalize("NFC", entry.name), f"{shown}{entry.name}"
            place = place.encode("utf-8", "replace").decode()
            if JUNK.search(name):
                continue
            if entry.is_symlink():
                self.problems.append(f"{place}: a link, which is not followed; expected the file itself")
            elif entry.is_dir():
                if not parts:
                    self.students.add(name)
                self.walk(entry.path, (*parts, name), f"{place}/", depth)
            elif not stat.S_ISREG(entry.stat().st_mode):
                self.problems.append(f"{place}: neither a file nor a folder; expected a notebook")
            elif name.lower().endswith(".zip"):
                self.unpack(entry.path, parts, name, place, depth)
            else:
                self.files.append(((*parts, name), Path(entry.path), place))

    def unpack(self, path, parts, name, shown, depth):
        """Walk through an archive as through a folder; a student's own one stands for a folder of the student."""
        self.archives += 1
        target = self.scratch / str(self.archives)
        try:
            with zipfile.ZipFile(path) as archive:
                members = [member for member in archive.infolist() if not member.is_dir()]
                if depth > 2 or len(members) > 20_000 or sum(member.file_size for member in members) > 10 * LARGEST:
                    raise ValueError("too much is in it")
                for member in members:
                    where = Path(unicodedata.normalize("NFC", member.filename.replace("\\", "/")))
                    if JUNK.search(where.as_posix()):
                        continue
                    if where.is_absolute() or ".." in where.parts or stat.S_ISLNK(member.external_attr >> 16):
                        self.problems.append(f"{shown}/{where}: leads out of the archive, and is not unpacked")
                        continue
                    (target / where).parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, (target / where).open("wb") as file:
                        shutil.copyfileobj(source, file)
        except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile) as error:
            self.problems.append(f"{shown}: cannot be unpacked ({error}); unpack it, and put a folder in its place")
            return
        target.mkdir(parents=True, exist_ok=True)
        if not parts:
            of = self.platform(name[:-4] + ".ipynb")
            loose = any(path.is_file() and self.named(path.name) for path in target.iterdir())
            if of and not of[1]:
                parts = (of[0],)
            elif loose and not any(self.platform(path.name) for path in target.iterdir()):
                parts = (name[:-4],)
            if parts:
                self.students.add(parts[0])
        self.walk(target, parts, f"{shown}/", depth + 1)

    # -------------------------------- whose, and for which assignment

    def named(self, name):
        """The assignments that a name contains, and what stands around them: [(assignment, (before, after))]."""
        found = []
        for assignment in self.assignments:
            parts = r"[\W_]+".join(re.escape(part) for part in assignment.split("_"))
            match = re.search(rf"(?<!\d){parts}(?![^\W\d_])", name, re.IGNORECASE)
            if match:
                found.append((assignment, (name[: match.start()], name[match.end() :])))
        return found

    def platform(self, name):
        """(student, rest of the name) of a name that a learning platform has made, or None."""
        for pattern in PLATFORMS:
            match = pattern.match(name)
            if match and (not match["rest"] or self.named(match["rest"]) or match["rest"].lower().endswith(".ipynb")):
                rest = match["rest"] if self.named(match["rest"]) else ""
                return match["who"].strip(), rest
        return None

    def sort_out(self):
        """Fill `found`, and name all that is not in it."""
        if self.wrapper():
            self.files = [(parts[1:], path, shown) for parts, path, shown in self.files]
        people = defaultdict(lambda: defaultdict(set))  # of one name: their assignments, by the platform's folders
        for parts, _, _ in self.files:
            of = self.platform(parts[0])
            if of and len(parts) > 1:
                people[of[0]][numbered(parts[0])] |= {name for part in parts for name, _ in self.named(part)}
        candidates, seen = defaultdict(list), set()
        for parts, path, shown in self.files:
            *folders, name = parts
            is_notebook = re.search(r"\.ipynb\b|\.ipynb$", name, re.IGNORECASE)
            here = self.named(name)
            student = next((folder for folder in folders if not self.is_assignment(folder)), None)
            of = self.platform(student or name)
            if of:
                each = people[of[0]].values()
                two = sum(map(len, each)) > len(set().union(*each))  # the same assignment twice: two of one name
                student = numbered(student) if two and folders else of[0]
                self.students.discard(parts[0])
                self.students.add(student)
            elif student is None and here and is_notebook:
                student = self.guessed(here[0][1])
                if student:
                    self.students.add(student)
                    expected = f"expected {student}/{here[0][0]}.ipynb, a folder for each student"
                    self.problems.append(f"{shown}: taken as {student}'s {here[0][0]}; {expected}")
            above = {a for folder in folders for a, _ in self.named(folder)}
            which = {assignment for assignment, _ in here} or above
            if not is_notebook and not (path.suffix.lower() == ".json" and here):
                if here:
                    self.problems.append(f"{shown}: not a notebook; expected {here[0][0]}.ipynb")
                elif name.lower().endswith(ARCHIVES):
                    self.problems.append(f"{shown}: an archive that is not opened; expected a folder, or a zip")
                elif student is None:
                    self.problems.append(
                        f"{shown}: neither a notebook nor a folder; expected a folder for each student"
                    )
                else:
                    self.notes.append(f"{shown}: not a notebook, left aside")
                continue
            seen.add(student)
            if len(which) > 1 or (here and above and not which <= above):
                self.problems.append(
                    f"{shown}: for which of {', '.join(sorted(which | above))}? expected one in its name"
                )
            elif not which:
                self.problems.append(f"{shown}: {self.unknown(path)}")
            elif student is None:
                self.problems.append(f"{shown}: whose is it? expected <student>/{which.pop()}.ipynb, a folder for each")
            else:
                candidates[student, which.pop()].append((path, shown))
        for key, files in candidates.items():
            self.choose(key, files)
        expected = f"expected {self.assignments[0]}/{self.assignments[0]}.ipynb or others"
        for student in sorted(self.students - seen - {self.wrapping}):
            if not self.is_assignment(student) and not any(text.startswith(f"{student}/") for text in self.problems):
                self.problems.append(f"{student}: no notebook; {expected}")

    def is_assignment(self, folder):
        """Whether a folder has no other name than that of an assignment."""
        return any(NO_ONE.match(before + after) for _, (before, after) in self.named(folder))

    def wrapper(self):
        """Whether all lies in one folder more, as in a course's archive."""
        tops = {parts[0] for parts, _, _ in self.files if len(parts) > 1}
        self.wrapping = None
        if len(tops) == 1 and all(len(parts) > 1 for parts, _, _ in self.files):
            inner = [parts[1:] for parts, _, _ in self.files]
            folders = {parts[0] for parts in inner if len(parts) > 1 and not self.is_assignment(parts[0])}
            flat = [parts[0] for parts in inner if len(parts) == 1]
            if (len(folders) > 1 and not any(self.named(name) for name in flat)) or (
                flat and all(self.platform(name) for name in flat) and not self.platform(next(iter(tops)))
            ):
                self.wrapping = next(iter(tops))
                self.students = {self.wrapping} | folders
        return self.wrapping is not None

    def guessed(self, around):
        """A student's name, from what stands before or after the assignment's in a file's name."""
        for part in around:
            part = re.sub(r"\.ipynb.*$", "", part, flags=re.IGNORECASE).strip(" _-.,()[]")
            if not NO_ONE.match(part):
                return part
        return None

    def unknown(self, path):
        name = re.sub(r"\.ipynb.*$", "", path.name, flags=re.IGNORECASE)
        holds = [assignment for assignment in self.assignments if self.check(path, assignment) is None]
        hint = f" (it holds the cells of {holds[0]})" if len(holds) == 1 else ""
        return f"there is no assignment {name!r}; expected one of {', '.join(self.assignments)}{hint}"

    def choose(self, key, files):
        """Take the one file of a student for an assignment, or the one that is named as it should be."""
        usable = []
        for path, shown in sorted(files, key=lambda file: (len(file[0].parts), file[1])):
            problem = self.wrong_with(path, key[1])
            if problem:
                self.problems.append(f"{shown}: {problem}")
                continue
            if not path.name.lower().endswith(".ipynb"):
                self.problems.append(f"{shown}: taken as a notebook; expected the name {key[1]}.ipynb")
            if any(path.read_bytes() == other.read_bytes() for other, _ in usable):
                self.notes.append(f"{shown}: the same as {usable[0][1]}, left aside")
            else:
                usable.append((path, shown))
        exact = [file for file in usable if file[0].name == f"{key[1]}.ipynb"]
        chosen = usable if len(usable) == 1 else exact[:1]
        for path, shown in usable:
            if not chosen:
                others = ", ".join(other for _, other in usable if other != shown)
                self.problems.append(f"{shown}: handed in twice, also as {others}, and not marked; expected one file")
            elif path != chosen[0][0]:
                self.problems.append(f"{shown}: handed in twice; expected one file; {chosen[0][1]} is marked")
        if chosen:
            self.found[key] = chosen[0][0]

    def wrong_with(self, path, assignment):
        try:
            if path.stat().st_size > LARGEST:
                return f"larger than {LARGEST // 1_000_000} MB; expected a notebook without large outputs"
            return self.check(path, assignment)
        except OSError as error:
            return f"cannot be read ({error.strerror}); expected a file that you may read"


def numbered(folder):
    """A platform's name of a folder, up to the number that it has given to the student."""
    return re.sub(r"_assignsubmission_.*|_attempt_.*", "", folder)
