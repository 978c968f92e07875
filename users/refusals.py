"""Forms that are refused for a while: said on the page, and by the status of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from navidrome_lib.errors import TooManyAttempts, Unavailable

# where the middleware finds the refusal
REFUSAL: Final = "navidrome_lib.refusal"


@contextmanager
def told_on_the_page(request: HttpRequest) -> Iterator[None]:
    """Show a refusal at the form, and have the answer carry its status and `Retry-After`."""
    try:
        yield
    except (TooManyAttempts, Unavailable) as error:
        request.META[REFUSAL] = error
        raise ValidationError(sentence_of(error)) from error


def sentence_of(error: TooManyAttempts | Unavailable) -> str:
    """What a page says of a refusal, with the time to wait when it is known."""
    if isinstance(error, TooManyAttempts):
        return _("Too many attempts. Try again in %(seconds)s seconds.") % {"seconds": error.retry_after}
    return error.message
