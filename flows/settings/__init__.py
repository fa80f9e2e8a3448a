"""What a newsroom configures: where things lie, where stories come from, where clean copy goes."""

from flows.settings.destinations import (
    Destination,
    FolderDestination,
    Format,
    TableDestination,
    load_destinations,
    shown_place,
    wanted_destinations,
)
from flows.settings.places import Settings, load_settings
from flows.settings.sources import (
    ArchiveSource,
    CmsSource,
    FeedSource,
    FolderSource,
    Limits,
    SitemapSource,
    Source,
    UrlsSource,
    WebhookSource,
    WebLimits,
    WebSource,
    load_sources,
)

__all__ = [
    "ArchiveSource",
    "CmsSource",
    "Destination",
    "FeedSource",
    "FolderDestination",
    "FolderSource",
    "Format",
    "Limits",
    "Settings",
    "SitemapSource",
    "Source",
    "TableDestination",
    "UrlsSource",
    "WebLimits",
    "WebSource",
    "WebhookSource",
    "load_destinations",
    "load_settings",
    "load_sources",
    "shown_place",
    "wanted_destinations",
]
