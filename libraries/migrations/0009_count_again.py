"""Have the next scan of each library count its totals again: writers that met could leave wrong ones behind."""

from typing import Any

from django.db import migrations


def count_again(apps: Any, schema_editor: Any) -> None:
    apps.get_model('libraries', 'Library').objects.update(totals_stale=True)


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0008_server_clock'),
    ]

    operations = [
        migrations.RunPython(count_again, migrations.RunPython.noop),
    ]
