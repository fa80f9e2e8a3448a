"""Configuration in, cleaned stories out: the one door to the library.

pipeline = load_pipeline(Path("config"))
cleaned = pipeline.clean(Raw(id="1", form="text", content="..."))
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from cleaners.clean import clean
from cleaners.judge import Budget
from cleaners.kinds.registry import Cleaner, Settings, find_cleaner
from cleaners.model import Cleaned, Raw, Story
from cleaners.read import not_read, read
from cleaners.read.page_model import PageWeights
from cleaners.rules import ConfigError, ImportedSites, Rulebook, load_part, load_rulebook, load_yaml
from cleaners.rules.sites import FOLDER, load_sites

PIPELINE_FILE = "pipeline.yaml"


@dataclass(frozen=True)
class Pipeline:
    """A loaded configuration. Cheap to keep and to call; not picklable, so a worker process loads its own.

    ``version`` is a short hash of the whole configuration and of cleancopy's own version: the same input under the same version
    gives the same bytes.
    """

    rulebook: Rulebook = field(repr=False)
    cleaners: tuple[tuple[Cleaner, Settings], ...] = field(repr=False)
    budget: Budget = field(repr=False)
    version: str
    directory: Path = field(compare=False)
    page_weights: PageWeights | None = field(default=None, repr=False, compare=False)
    """Other than the shipped ones: for measuring."""

    def read(self, raw: Raw) -> Story:
        """Read one story; ``cleaners.read.UnreadableStory`` where the input is no story at all."""
        site = self.rulebook.site(raw.publisher, raw.url) if raw.form == "page" else None
        return read(raw, site, self.page_weights)

    def clean(self, raw: Raw) -> Cleaned:
        """Read and clean one story."""
        return self.clean_story(self.read(raw))

    def hold(self, raw: Raw, problem: str) -> Cleaned:
        """A story that must not be read (again), held with that as its reason, unless its signals kill it."""
        return self.clean_story(not_read(raw, problem))

    def clean_story(self, story: Story) -> Cleaned:
        """Clean a story that was read before, or clean copy again."""
        ruleset = self.rulebook.ruleset(story.publisher, story.language, story.url)
        return clean(
            story, ruleset, self.cleaners, self.budget, version=f"{self.version}-{ruleset.version[:8]}"
        )


def load_pipeline(directory: Path) -> Pipeline:
    """Read ``pipeline.yaml``, ``rules/`` and ``publishers/`` (with ``publishers/ftr/``) under ``directory``.

    ``ConfigError`` names file, line and column of the first mistake, and what to write instead. The rules' examples are not
    tried here, for all of them take seconds: ``cleaners.rules.check_examples`` tries those that are not known to hold, and the
    command line and the workers call it whenever they load rules.
    """
    directory = Path(directory)
    file = load_yaml(directory / PIPELINE_FILE)
    data = file.data or {}
    if not isinstance(data, dict):
        raise file.error((), "the file must be a mapping", "Begin with the key cleaners:")
    for key in data:
        if key not in ("budget", "cleaners"):
            raise file.error(
                (key,), f"the key {key!r} is not known here", "Write budget: or cleaners:", key=True
            )
    budget = load_part(file, ("budget",), data.get("budget") or {}, Budget)
    listed = data.get("cleaners") or {}
    if not isinstance(listed, dict) or not listed:
        raise file.error(
            ("cleaners",) if "cleaners" in data else (),
            "no cleaner is listed",
            "List at least written_rules: under cleaners:",
        )
    cleaners = []
    for name, wanted in listed.items():
        try:
            kind = find_cleaner(name)
        except LookupError as error:
            raise file.error(
                ("cleaners", name), str(error), "Mend the name or add the module", key=True
            ) from error
        settings = load_part(file, ("cleaners", name), wanted or {}, kind.settings)
        if settings.enabled:
            cleaners.append((kind, settings))
    rulebook = load_rulebook(directory)
    if rulebook.has_sites and "site_rules" not in listed:
        raise file.error(
            ("cleaners",),
            "publishers name selectors for their pages, and nothing carries them out",
            "List site_rules: under cleaners:, or set enabled: no under it",
            key=True,
        )
    return Pipeline(
        rulebook=rulebook,
        cleaners=tuple(cleaners),
        budget=budget,
        version=_version(directory, rulebook.imported),
        directory=directory,
    )


def pipeline_version(directory: Path) -> str:
    """The ``version`` of a configuration's pipeline, without loading its rules: microseconds instead of seconds."""
    return _version(Path(directory), load_sites(Path(directory) / "publishers" / FOLDER, []))


def _version(directory: Path, imported: ImportedSites) -> str:
    """A hash over cleancopy's version and every configuration file that decides what is cut, in a fixed order."""
    digest = hashlib.sha256(version("cleancopy").encode())
    files = [directory / PIPELINE_FILE, *directory.glob("rules/*.yaml"), *directory.glob("publishers/*.yaml")]
    for path in sorted(files):
        digest.update(b"\0" + path.relative_to(directory).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update(imported.version.encode())
    return digest.hexdigest()[:12]


__all__ = ["ConfigError", "Pipeline", "load_pipeline", "pipeline_version"]
