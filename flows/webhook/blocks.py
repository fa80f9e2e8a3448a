"""A secret that stands in a Secret block of Prefect's, in place of an environment variable."""

from __future__ import annotations

import asyncio

from flows.settings.signing_secrets import SecretError

BLOCK_SECONDS = 20.0


async def read_block(name: str) -> str:
    """The text in the Secret block of this name on the server of PREFECT_API_URL. Raises SecretError, which never shows it."""
    # Here and not above: Prefect takes a second to import, and a receiver whose secrets are in variables needs none of it.
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound, PrefectException
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    if not url:
        raise SecretError(
            f"Prefect's block {name} cannot be read: set PREFECT_API_URL to the server that has it, "
            "or put the secret into a variable (secret_env)"
        )
    try:
        async with asyncio.timeout(BLOCK_SECONDS), get_client() as client:
            document = await client.read_block_document_by_name(name, "secret")
    except ObjectNotFound:
        raise SecretError(
            f"there is no block {name} of the type Secret at {url}: make it in Prefect's UI (Blocks, +, Secret)"
        ) from None
    except (PrefectException, httpx.HTTPError, OSError, TimeoutError) as error:
        raise SecretError(
            f"{url} did not give the block {name} ({type(error).__name__}); it is asked again, see that the server runs"
        ) from None
    value = document.data.get("value")
    if not isinstance(value, str):
        raise SecretError(f"Prefect's block {name} holds no text")
    return value
