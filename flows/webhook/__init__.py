"""The webhook receiver: signed events of a CMS in, rows of the ledger's inbox out."""

from flows.webhook.app import create_app
from flows.webhook.server import run_server, serve, uvicorn_config
from flows.webhook.signature import sign
from flows.webhook.waker import Waker, prefect_drain

__all__ = ["Waker", "create_app", "prefect_drain", "run_server", "serve", "sign", "uvicorn_config"]
