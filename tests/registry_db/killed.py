"""Do a piece of work over and over, each time killed a little later; run as a program by test_killed.

Usage: killed.py FOLDER..., each named after the work and the moment, such as run-12. A folder whose work
came to its end holds a file `finished`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from registry_db.registry import Registry


class Mortal:
    """A connection whose process is killed when it has carried out so many statements."""

    def __init__(self, con: Any, statements: int) -> None:
        self._con, self._left = con, statements

    def execute(self, *args: Any) -> Any:
        done = self._con.execute(*args)
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def die_at_rename(number: int) -> None:
    """Let the process be killed just before it puts its so-manieth file in place."""
    renames = [0]
    rename = Path.replace

    def counted(self: Path, target: Path) -> Path:
        renames[0] += 1
        if renames[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = counted  # type: ignore[method-assign,assignment]


def deliver(folder: Path, moment: int) -> None:
    with Registry(folder) as registry:
        registry._con = Mortal(registry.con, moment)  # type: ignore[assignment]
        registry.deliver("visit", folder / "new.csv", replaces=registry.deliveries()["delivery"][0])


def run(folder: Path, moment: int) -> None:
    with Registry(folder) as registry:
        registry._con = Mortal(registry.con, moment)  # type: ignore[assignment]
        registry.run()


def publish(folder: Path, moment: int) -> None:
    die_at_rename(moment)
    with Registry(folder) as registry:
        registry.run()


WORKS: dict[str, Callable[[Path, int], None]] = {"deliver": deliver, "run": run, "publish": publish}


def main(folders: list[Path]) -> None:
    for folder in folders:
        work, moment = folder.name.split("-")
        child = os.fork()  # nothing is open yet, so each child starts clean
        if child == 0:
            try:
                WORKS[work](folder, int(moment))
                (folder / "finished").touch()
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if status not in (0, signal.SIGKILL):
            sys.exit(f"{folder.name} was neither killed nor did it end well")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
