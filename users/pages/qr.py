"""QR codes as SVG that stands in a page."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_svg(text: str) -> SafeString:
    """The QR code of a text, black on white whatever the colours of the page: cameras need that."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", omitsize=True)
    return mark_safe(svg)  # noqa: S308 - of the text it has modules only, not a letter
