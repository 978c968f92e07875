"""Purged files of earlier versions become hidden rows of the catalog."""

from django.db import migrations

from missing.migrations._purged_files import hide_purged_files


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0004_purged_tracks'),
        ('missing', '0001_initial'),
    ]

    operations = [
        # back again the hidden rows show as missing files: nothing is lost
        migrations.RunPython(hide_purged_files, migrations.RunPython.noop),
    ]
