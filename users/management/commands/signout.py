"""`manage.py signout NAME …`: sign accounts out everywhere; `--keys` ends their API keys, too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from users import services
from users.models import User


class Command(BaseCommand):
    """End the tokens, sessions and app passwords of accounts."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="*")
        parser.add_argument("--all", action="store_true", help="sign every account out")
        parser.add_argument("--keys", action="store_true", help="end the API keys, too")

    def handle(self, *args: Any, **options: Any) -> None:
        names: list[str] = options["username"]
        if bool(names) == options["all"]:
            raise CommandError("Name the accounts, or say --all.")
        for user in User.objects.order_by("username_key") if options["all"] else find(names):
            keys = services.sign_out_everywhere(user.pk, end_keys=options["keys"])
            self.stdout.write(f"Signed {user} out everywhere; {keys} API keys were ended.")


def find(names: list[str]) -> list[User]:
    """The accounts of these names; when there is none of one of them, nothing is done at all."""
    found = {name: services.find_by_name(name) for name in names}
    unknown = [name for name, user in found.items() if user is None]
    if unknown:
        raise CommandError(f"There is no account named {', '.join(unknown)}.")
    return [user for user in found.values() if user is not None]
