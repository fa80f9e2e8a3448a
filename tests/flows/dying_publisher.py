"""``python dying_publisher.py FOLDER EDITION STEP``: publishes a batch of eight stories and is killed at that step.

A step is a sync or a rename; with more steps than there are it ends well.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from publications import answers, publication

from flows.destinations import atomic
from flows.settings import FolderDestination


def main(folder: Path, edition: int, step: int) -> None:
    left = [step]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given)

        return done

    atomic.os.replace, atomic.os.fsync = counted(os.replace), counted(os.fsync)  # type: ignore[attr-defined]
    acts = [publication(edition, story=f"desk:{number}", text=str(edition)) for number in range(8)]
    acts[3] = publication(edition, "unpublish", story="desk:3")
    formats: Any = ("text", "json") if edition % 2 else ("text",)
    answers(FolderDestination(kind="folder", name="f", path="out", formats=formats), folder, acts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
