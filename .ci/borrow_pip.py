"""Downloads pip's newest wheel from the package index: for a Python that has neither pip nor ensurepip.

    python borrow_pip.py FILE

A pip wheel runs from its zip file (``python FILE/pip install …``). Standard library only. The
index is ``$PIP_INDEX_URL`` or PyPI, read by its JSON form (PEP 691); the file's SHA-256 must be the one it names.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import Request, urlopen


def main(target: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    request = Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        files = json.load(answer)["files"]
    wheels = [
        file for file in files if file["filename"].endswith("-py3-none-any.whl") and not file.get("yanked")
    ]
    newest = max(wheels, key=lambda file: (file.get("upload-time", ""), file["filename"]))
    with urlopen(urljoin(index, newest["url"]), timeout=120) as answer:  # noqa: S310
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit(f"{newest['filename']} from {index} does not have the hash that the index names for it")
    target.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
