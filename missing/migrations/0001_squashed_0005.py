"""Every table as all migrations before leave it, made in one step: what a new database takes instead of them."""

import django.db.models.deletion
import missing.models
import navidrome_lib.db.fields
import navidrome_lib.db.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('missing', '0001_initial'),
        ('missing', '0002_purges_hide'),
        ('missing', '0003_drop_purged_files'),
        ('missing', '0004_lived_time'),
        ('missing', '0005_wording'),
    ]

    initial = True

    dependencies = [
        ('libraries', '0021_library_revision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('missing_since', models.DateTimeField()),
                ('since_seconds', models.FloatField()),
                ('library', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='absences', to='libraries.library')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('library', 'missing_since'), name='absence_unique')],
            },
        ),
        migrations.CreateModel(
            name='MissingFile',
            fields=[
            ],
            options={
                'proxy': True,
                'verbose_name': 'missing file',
                'verbose_name_plural': 'missing files',
            },
            bases=('libraries.mediafile',),
        ),
        migrations.CreateModel(
            name='OnlineTime',
            fields=[
                ('library', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='online_time', serialize=False, to='libraries.library')),
                ('seconds', models.FloatField(default=0)),
                ('looked_at_seconds', models.FloatField()),
                ('was_online', models.BooleanField(default=False)),
                ('scanned_at', models.DateTimeField(null=True)),
                ('scanned_seconds', models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Purge',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='purged')),
                ('created_by', models.CharField(blank=True, max_length=255, verbose_name='by')),
                ('reason', models.CharField(choices=[('request', 'Manual'), ('retention', 'Retention')], default='request', max_length=16, verbose_name='reason')),
                ('file_count', models.PositiveIntegerField(default=0)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('expires_at', models.DateTimeField(default=missing.models.default_expiry, verbose_name='can be undone until')),
                ('undone_at', models.DateTimeField(null=True)),
                ('restored_count', models.PositiveIntegerField(default=0, verbose_name='restored')),
                ('counted_from', models.FloatField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='purge_created_idx')],
                'verbose_name': 'purge',
                'verbose_name_plural': 'purges',
            },
        ),
    ]
