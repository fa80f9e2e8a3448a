"""``page:`` in a publisher's file: selectors for the story, for what is not the story, and for what stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from cleaners.model import Selector, SiteRules
from cleaners.rules.rule import Day, Text
from cleaners.rules.schema import StrictModel, fault
from cleaners.rules.selectors import BadSelector, query_of
from cleaners.rules.yaml_file import YamlFile

FIELDS = (
    *("headline", "standfirst", "section", "byline", "published", "updated", "caption", "credit"),
    *("tags", "agency", "rights"),
)
"""Keys of ``page:`` that fill a field."""
_WHY = {
    "body": "The publisher's page rules say where the story is.",
    "remove": "The publisher's page rules take this out.",
    "keep": "The publisher's page rules keep this.",
}


class SelectorForm(StrictModel):
    """One selector: its text alone, or a mapping."""

    select: Text
    why: Text | None = None
    since: Day | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise fault("since", "since is later than until", "Swap the two")
        return self


class ElementForm(SelectorForm):
    """One that must give elements."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        _check(self.select, elements=True)
        return self


class RemoveForm(ElementForm):
    may_exceed: bool = False


class ValueForm(SelectorForm):
    """One that may give a text, too."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        _check(self.select, elements=False)
        return self


def _check(written: str, elements: bool) -> None:
    try:
        query_of(written, elements)
    except BadSelector as error:
        raise fault("select", error.message, error.hint) from error


def _entries(value: object) -> object:
    """One selector or a list of them, each a text or a mapping."""
    listed = value if isinstance(value, list) else [value]
    return [{"select": item} if isinstance(item, str) else item for item in listed]


Values = Annotated[tuple[ValueForm, ...], BeforeValidator(_entries), Field(min_length=1)]
Elements = Annotated[tuple[ElementForm, ...], BeforeValidator(_entries), Field(min_length=1)]


class PageForm(StrictModel):
    """The keys of ``page:``."""

    body: Elements = ()
    remove: Annotated[tuple[RemoveForm, ...], BeforeValidator(_entries), Field(min_length=1)] = ()
    keep: Elements = ()
    search: bool = True
    headline: Values = ()
    standfirst: Values = ()
    section: Values = ()
    byline: Values = ()
    published: Values = ()
    updated: Values = ()
    caption: Values = ()
    credit: Values = ()
    tags: Values = ()
    agency: Values = ()
    rights: Values = ()

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for key in ("body", "remove", "keep", *FIELDS):
            seen: dict[object, str] = {}
            for one in getattr(self, key):
                if (one.select, one.since, one.until) in seen:
                    raise fault(key, f"{one.select!r} is here twice", "Keep it once")
                seen[(one.select, one.since, one.until)] = one.select
        removed = {one.select for one in self.remove}
        for key in ("body", "keep"):
            if both := sorted(removed & {one.select for one in getattr(self, key)}):
                raise fault("remove", f"{both[0]!r} is under {key}: and under remove:", "Keep one of the two")
        if not self.search and not self.body:
            raise fault(
                "search", "search: no needs the selectors of the story", "Add body:, or delete search:"
            )
        return self


def site_of(stem: str, page: PageForm, file: YamlFile) -> SiteRules:
    """The selectors of one publisher's file."""

    def selectors(key: str) -> tuple[Selector, ...]:
        return tuple(_selector(stem, key, index, one, file) for index, one in enumerate(getattr(page, key)))

    return SiteRules(
        name=stem,
        body=selectors("body"),
        remove=selectors("remove"),
        keep=selectors("keep"),
        fields=tuple((name, selectors(name)) for name in FIELDS if getattr(page, name)),
        search=page.search,
    )


def _selector(stem: str, key: str, index: int, form: Any, file: YamlFile) -> Selector:
    place = file.place(("page", key, index))
    return Selector(
        rule=f"{stem}/{key} {form.select}",
        query=query_of(form.select, isinstance(form, ElementForm)),
        why=form.why or _WHY.get(key, f"The publisher's page rules say where the {key} is."),
        place=f"publishers/{Path(place.file).name}:{place.line}",
        since=form.since,
        until=form.until,
        may_exceed=getattr(form, "may_exceed", False),
    )
