"""What earlier versions kept purged files in. Apart from the rows' own migration: PostgreSQL alters no table that a
transaction has just changed."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('missing', '0002_purges_hide'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='purge',
            name='done_at',
        ),
        migrations.DeleteModel(
            name='PurgedFile',
        ),
    ]
