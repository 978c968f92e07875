"""What a report of an error shows of a request."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

from navidrome_lib.security.redaction import NAMES, redact


class SafeReport(SafeExceptionReporterFilter):
    """No parameter, header, cookie or local variable that carries a credential."""

    hidden_settings = re.compile(
        r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|JWT|SESSION|QUERY_STRING|DATABASE|REDIS|BROKER|URL",
        re.IGNORECASE,
    )
    hidden_names = re.compile(rf"^(?:{NAMES})$", re.IGNORECASE)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        found: Any = getattr(request, "POST", {})
        return {
            name: self.cleansed_substitute if self.hidden_names.match(name) else value for name, value in found.items()
        }

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        pairs = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self.variable(name, value)) for name, value in pairs]

    def variable(self, name: str, value: Any) -> Any:
        if self.hidden_names.match(name) or self.hidden_settings.search(name):
            return self.cleansed_substitute
        return redact(value) if isinstance(value, str) else value
