"""Album rows follow retags: how new their identity is, and what album a track has left. Albums show spans of years."""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

import navidrome_lib.db.fields


def count_again(apps: Any, schema_editor: Any) -> None:
    """Show the year that was known until the next scan of each library has counted what its tracks say."""
    years = {'min_year': F('max_year'), 'min_original_year': F('max_original_year')}
    apps.get_model('libraries', 'Album').objects.update(**years)
    apps.get_model('libraries', 'Library').objects.update(totals_stale=True)


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0013_text_encoding'),
    ]

    operations = [
        migrations.RenameField(model_name='album', old_name='year', new_name='max_year'),
        migrations.RenameField(model_name='album', old_name='original_year', new_name='max_original_year'),
        migrations.AddField(model_name='album', name='min_year', field=models.PositiveSmallIntegerField(null=True)),
        migrations.AddField(
            model_name='album', name='min_original_year', field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AddField(
            model_name='album', name='original_date', field=models.CharField(default='', max_length=32)
        ),
        migrations.AddField(
            model_name='album', name='release_date', field=models.CharField(default='', max_length=32)
        ),
        migrations.AddField(
            model_name='album', name='freshness', field=models.PositiveSmallIntegerField(default=0, editable=False)
        ),
        migrations.AddField(
            model_name='album',
            name='split_from',
            field=navidrome_lib.db.fields.KeyField(editable=False, max_length=22, null=True),
        ),
        migrations.AddField(
            model_name='mediafile',
            name='left_album',
            field=navidrome_lib.db.fields.KeyField(editable=False, max_length=22, null=True),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(condition=Q(('freshness', 0), _negated=True), fields=['library'], name='album_fresh_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(
                condition=Q(('left_album__isnull', False)), fields=['left_album', 'album_ref'], name='media_file_left_idx'
            ),
        ),
        migrations.RunPython(count_again, migrations.RunPython.noop),
    ]
