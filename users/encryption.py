"""Encryption at rest. Its library is loaded at the first use: a server without a sign-in does not need its 12 MB."""

from __future__ import annotations

import base64
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_BYTES = 32


def make_key() -> str:
    """A new key, as Fernet takes it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


@lru_cache(maxsize=4)
def box_of(keys: tuple[str, ...]) -> MultiFernet:
    """Encrypts with the first key and decrypts with each."""
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

    return MultiFernet([Fernet(key) for key in keys])


def decrypt(box: MultiFernet, encrypted: bytes) -> str | None:
    """The text, or None when its key is lost."""
    from cryptography.fernet import InvalidToken  # noqa: PLC0415

    try:
        return box.decrypt(encrypted).decode()
    except InvalidToken:
        return None


def rotate(box: MultiFernet, encrypted: bytes) -> bytes | None:
    """The same text encrypted with the first key, or None when its key is lost."""
    from cryptography.fernet import InvalidToken  # noqa: PLC0415

    try:
        return box.rotate(encrypted)
    except InvalidToken:
        return None
