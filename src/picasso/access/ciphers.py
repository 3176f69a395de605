"""Encryption with a key of the service: whoever has only the database, or only the cookie, can't read what is in it.

The library is imported where it is used: it takes a fifth of a second, and many processes never need it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Cipher:
    """Encrypts for one purpose: what was encrypted for another one can't be read."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def encrypt(self, text: str) -> str:
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, text: str, max_age: int | None = None) -> str | None:
        """None if it is not what `encrypt` made, was made with another `PICASSO_SECRET_KEY`, or is too old.

        ``max_age`` is in seconds.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet().decrypt(text.encode(errors="replace"), ttl=max_age).decode()
        except InvalidToken:
            return None

    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        key = hashlib.sha256(f"picasso {self._purpose}\0{settings.SECRET_KEY}".encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))
