"""A purge hides a missing track: the column that says which one, and lists of missing files without what is hidden."""

import libraries.fields
from django.db import migrations, models

INDEXES = {
    'media_file_missing_idx': ['library', 'id'],
    'media_file_gone_when_idx': ['missing_since', 'library'],
    'media_file_gone_suffix_idx': ['suffix', 'library'],
    'media_file_gone_album_idx': ['album_ref', 'library'],
}
LISTED_AS_MISSING = models.Q(('missing', True), ('purge_id__isnull', True))


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0003_problem_change_key'),
    ]

    operations = [
        *(migrations.RemoveIndex(model_name='mediafile', name=name) for name in INDEXES),
        migrations.AddField(
            model_name='mediafile',
            name='purge_id',
            field=libraries.fields.KeyField(editable=False, max_length=22, null=True),
        ),
        # before the indexes: SQLite writes the table anew for it
        migrations.AddConstraint(
            model_name='mediafile',
            constraint=models.CheckConstraint(
                condition=models.Q(('purge_id__isnull', True), ('missing', True), _connector='OR'),
                name='media_file_purged_is_missing',
            ),
        ),
        *(
            migrations.AddIndex(
                model_name='mediafile',
                index=models.Index(condition=LISTED_AS_MISSING, fields=fields, name=name),
            )
            for name, fields in INDEXES.items()
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(
                condition=models.Q(('purge_id__isnull', False)),
                fields=['purge_id', 'library', 'id'],
                name='media_file_purged_idx',
            ),
        ),
    ]
