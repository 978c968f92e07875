"""Rename the audit trail's `door` to `channel`, and label its fields by their standard names.

The index goes and comes back: RenameIndex would look for a column that RenameField has renamed.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='auditentry', name='audit_door_idx'),
        migrations.RenameField(model_name='auditentry', old_name='door', new_name='channel'),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['channel', 'id'], name='audit_channel_idx'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='actor',
            field=models.CharField(blank=True, help_text='The user name at that time.', max_length=255, verbose_name='user'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='actor_id',
            field=models.CharField(blank=True, max_length=64, verbose_name='user ID'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='changes',
            field=models.JSONField(default=dict, verbose_name='changes'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='channel',
            field=models.CharField(help_text='How the request came in: api, rest, admin, command or task.', max_length=16, verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='object_id',
            field=models.CharField(blank=True, max_length=64, verbose_name='object ID'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='object_type',
            field=models.CharField(max_length=64, verbose_name='object type'),
        ),
    ]
