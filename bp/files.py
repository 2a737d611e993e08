"""Files are written whole or not at all."""

import os
from pathlib import Path


def write_whole(path, write):
    """Have `write(part)` write a file beside `path`, then put it in its place at once: no one sees half of it."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
