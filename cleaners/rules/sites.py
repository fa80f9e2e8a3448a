"""The imported site files of a configuration, ``publishers/ftr/*.txt``: known by their names, read when a host first asks.

Two thousand are there after ``cleancopy rules import-ftr``; a run meets a few dozen. Their bytes are taken in at once, for they are part
of the configuration's version: what is read later is what was there when it was loaded.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from cleaners.model import SiteRules
from cleaners.rules.errors import ConfigError
from cleaners.rules.ftr import SiteFile, read_site_file

FOLDER = "ftr"
GLOBAL = "global"
"""What the format means for every host. Only what it strips is taken, and only beside a host's own file."""
MOST_BYTES = 200_000
_HOST_FILE = re.compile(r"(\.?[a-z0-9-]+(?:\.[a-z0-9-]+)+|global)\.txt")


@dataclass(frozen=True)
class ImportedSites:
    """Site files by host, as bytes. A host that begins with a dot stands for all subdomains, and not for itself."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def find(self, host: str) -> SiteRules | None:
        """The rules for a host, with or without ``www.``: its own file's, else those of the nearest file for subdomains."""
        host = host.removeprefix("www.")
        labels = host.split(".")
        names = [host, *("." + ".".join(labels[first:]) for first in range(1, len(labels)))]
        name = next((name for name in names if name in self.files), None)
        if name is None or name == GLOBAL:
            return None
        if name not in self._joined:
            rules = self.read(name).rules
            general = self.read(GLOBAL).rules.remove if rules.search and GLOBAL in self.files else ()
            self._joined[name] = replace(rules, remove=rules.remove + general)
        return self._joined[name]

    def read(self, name: str) -> SiteFile:
        """One file, with what is not followed."""
        return read_site_file(name, self.files[name], f"publishers/{FOLDER}/{name}.txt")

    @cached_property
    def version(self) -> str:
        """A hash of the content of all files; empty where there are none."""
        if not self.files:
            return ""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(b"\0" + name.encode() + b"\0" + self.files[name])
        return digest.hexdigest()[:12]

    @cached_property
    def _joined(self) -> dict[str, SiteRules]:
        return {}


def host_of(address: str) -> str:
    """The host of a URL or of a bare host, in small letters; empty where there is none.

    >>> host_of("https://WWW.Norrby.example:8080/a"), host_of("norrby.example"), host_of("http://[")
    ('www.norrby.example', 'norrby.example', '')
    """
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".")


def load_sites(folder: Path, errors: list[ConfigError]) -> ImportedSites:
    """The site files of ``folder``; files that are none are faults."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        name = host_in(path.name)
        if name is not None:
            try:
                files[name] = path.read_bytes()
            except OSError as error:
                errors.append(ConfigError(str(path), 1, 1, f"the file cannot be read ({error.strerror})"))
        elif path.suffix in (".yaml", ".yml"):
            message = "this folder is for site files in the ftr-site-config format"
            errors.append(ConfigError(str(path), 1, 1, message, "Move it one folder up"))
        elif path.suffix == ".txt" and path.stem not in _BESIDE:
            hint = (
                "Call it by the host alone, such as example.com.txt, or .example.com.txt for all subdomains"
            )
            errors.append(ConfigError(str(path), 1, 1, f"{path.name!r} names no host", hint))
    return ImportedSites(files)


_BESIDE = ("LICENSE", "README")


def host_in(file_name: str) -> str | None:
    """The host that a site file's name says.

    >>> host_in("norrby.example.txt"), host_in(".norrby.example.txt"), host_in("LICENSE.txt")
    ('norrby.example', '.norrby.example', None)
    """
    match = _HOST_FILE.fullmatch(file_name.lower())
    return match[1] if match else None


def site_files_in(source: Path) -> Iterator[tuple[str, bytes]]:
    """Host and bytes of every site file in a folder or a ``.tar.gz``, in the order of their names.

    Folders inside are looked through. ``ValueError`` for what is neither, and for a file larger than any site file.
    """
    found = _in_folder(source) if source.is_dir() else _in_archive(source)
    yield from sorted(found.items())


def _in_folder(source: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(source.rglob("*.txt")):
        host = host_in(path.name)
        if host is not None and path.is_file():
            _check_size(path.name, path.stat().st_size)
            found[host] = path.read_bytes()
    return found


def _in_archive(source: Path) -> dict[str, bytes]:
    found = {}
    try:
        with tarfile.open(source, "r:*") as archive:
            for member in archive:  # nothing is unpacked: names and links in an archive may lead anywhere
                host = host_in(member.name.rpartition("/")[2])
                if host is None or not member.isfile():
                    continue
                _check_size(member.name, member.size)
                file = archive.extractfile(member)
                if file is not None:
                    found[host] = file.read()
    except tarfile.TarError as error:
        raise ValueError(f"{source} is neither a folder nor a .tar.gz: {error}") from error
    return found


def _check_size(name: str, size: int) -> None:
    if size > MOST_BYTES:
        raise ValueError(f"{name} has {size:,} bytes; a site file has {MOST_BYTES:,} at most")
