"""The values of cleancopy: what is read, what is marked, what comes out. All frozen, all picklable."""

from cleaners.model.cleaned import Cleaned, Removal, Verdict
from cleaners.model.marks import LIFT_FIELDS, TEXT_FIELDS, Action, Cut, Decision, Mark
from cleaners.model.site import Selector, SiteMark, SiteRules, Way
from cleaners.model.story import (
    Block,
    Fields,
    Form,
    Kind,
    Picture,
    Raw,
    Repair,
    Segment,
    Signal,
    Span,
    Story,
    Zone,
)

__all__ = [
    "LIFT_FIELDS",
    "TEXT_FIELDS",
    "Action",
    "Block",
    "Cleaned",
    "Cut",
    "Decision",
    "Fields",
    "Form",
    "Kind",
    "Mark",
    "Picture",
    "Raw",
    "Removal",
    "Repair",
    "Segment",
    "Selector",
    "Signal",
    "SiteMark",
    "SiteRules",
    "Span",
    "Story",
    "Verdict",
    "Way",
    "Zone",
]
