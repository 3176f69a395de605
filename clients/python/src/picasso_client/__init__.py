"""The client of Picasso: upload, follow, list, fetch. `Client` blocks, `AsyncClient` is for asyncio."""

from picasso_client.async_client import AsyncClient
from picasso_client.client import Client
from picasso_client.errors import FieldError, PicassoError
from picasso_client.models import Derivative, Event, Failure, File, Import, Outcome
from picasso_client.version import __version__

__all__ = [
    "AsyncClient",
    "Client",
    "Derivative",
    "Event",
    "Failure",
    "FieldError",
    "File",
    "Import",
    "Outcome",
    "PicassoError",
    "__version__",
]
