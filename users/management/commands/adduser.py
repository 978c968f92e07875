"""`manage.py adduser NAME`: create an account; the password is prompted for, or read from standard input."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from navidrome_lib.errors import DomainError
from users import services
from users.passwords import check_admin_password


class Command(BaseCommand):
    """Add an account. A regular one gets the libraries that are marked for new users."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="display name")
        parser.add_argument("--email", default="")
        parser.add_argument("--admin", action="store_true", help="make the account an admin")
        parser.add_argument("--may-scan", action="store_true", help="let the account start scans")

    def handle(self, *args: Any, **options: Any) -> None:
        password = self.ask_password()
        try:
            if options["admin"]:
                check_admin_password(password)
            user = services.create_user(
                username=options["username"],
                password=password,
                name=options["name"],
                email=options["email"],
                is_superuser=options["admin"],
                may_scan=options["may_scan"],
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Created the {'admin' if user.is_superuser else 'user'} {user}.")

    def ask_password(self) -> str:
        """Read the password; never from an argument, which every user of the machine can see."""
        if not sys.stdin.isatty():
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = getpass.getpass("Password: ")
            if password != getpass.getpass("Password (again): "):
                raise CommandError("The two passwords differ.")
        if not password:
            raise CommandError("A password is required.")
        return password
