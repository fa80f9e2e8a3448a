"""WordPress's events, as our plugin sends them (``flows/cms_plugins/cleancopy.php``): a post as its REST interface gives it to editors.

WordPress itself sends none. The plugin signs as https://www.standardwebhooks.com says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.sources import cms_wordpress
from flows.sources.cms import identity, text_at
from flows.webhook.cms_events import posted, taken_down
from flows.webhook.refusal import Refused


def story(payload: Mapping[str, Any], source: WebhookSource) -> Raw | None:
    """The post as it stands now; one that readers could see and cannot any more is a kill. None: a draft.

    Raises Refused (422) for what is no post, such as a page: its clean body could not be written back, nor a kill be carried out,
    for those have other addresses in WordPress.
    """
    post = payload.get("post")
    if not isinstance(post, Mapping):
        return None
    if text_at(post, "type") not in (None, "post"):
        raise Refused(
            422,
            "not-a-post",
            f"This is of the type {text_at(post, 'type')!r}. Stories are posts: other types are not cleaned, and could not be taken down.",
            "Send events of the type post only: put the plugin in as cleancopy plugin wordpress prints it.",
        )
    if text_at(post, "status") == "publish" and cms_wordpress.is_public(post):
        return posted(cms_wordpress.post_in(post), source)
    if text_at(payload, "previous_status") != "publish":
        return None
    return taken_down(identity(post), source, cms_wordpress.changed_at(post))
