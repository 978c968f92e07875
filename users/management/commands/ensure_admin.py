"""`manage.py ensure_admin`: the admin that the environment names exists afterwards."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from navidrome_lib.errors import Conflict, DomainError, InvalidInput
from users import services
from users.passwords import check_admin_password


class Command(BaseCommand):
    """Create the admin of `ND_ADMIN_USER` and `ND_ADMIN_PASSWORD` unless an account of that name exists."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        username = os.environ.get("ND_ADMIN_USER", "").strip()
        password = os.environ.get("ND_ADMIN_PASSWORD", "")
        if not username and not password:
            return
        if not username or not password:
            raise CommandError("ND_ADMIN_USER and ND_ADMIN_PASSWORD belong together: set both or none.")
        if services.find_by_name(username) is not None:
            return  # never change an account that is in use: its password may have been changed since
        try:
            check_admin_password(password)
            services.create_user(username=username, password=password, name=username, is_superuser=True)
        except Conflict:
            return  # another process was faster
        except InvalidInput as error:
            variable = "ND_ADMIN_PASSWORD" if "password" in error.errors else "ND_ADMIN_USER"
            raise CommandError(f"{variable}: {error.message}") from error
        except DomainError as error:
            raise CommandError(f"ND_ADMIN_USER: {error.message}") from error
        self.stdout.write(f"Created the admin {username}.")
