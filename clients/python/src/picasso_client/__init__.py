"""The client of Picasso: upload, follow, list, fetch. `Client` blocks, `AsyncClient` is for asyncio."""

from picasso_client.async_client import AsyncClient
from picasso_client.client import Client
from picasso_client.errors import FieldError, PicassoError
from picasso_client.models import Derivative, Event, Failure, File, Import

__version__ = "0.1.0"  # that of the server it is released with

__all__ = [
    "AsyncClient",
    "Client",
    "Derivative",
    "Event",
    "Failure",
    "FieldError",
    "File",
    "Import",
    "PicassoError",
]
