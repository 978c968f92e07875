"""Every table as all migrations before leave it, made in one step: what a new database takes instead of them."""

import navidrome_lib.db.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('media', '0001_initial'),
        ('media', '0002_given_pictures'),
        ('media', '0003_outside'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Cover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('al', 'al'), ('ar', 'ar'), ('dc', 'dc'), ('mf', 'mf'), ('pl', 'pl'), ('ra', 'ra')], max_length=2)),
                ('item_id', navidrome_lib.db.fields.KeyField(max_length=22)),
                ('part', navidrome_lib.db.fields.KeyField(default='', max_length=20)),
                ('source_key', navidrome_lib.db.fields.KeyField(max_length=32)),
                ('digest', navidrome_lib.db.fields.KeyField(default='', max_length=16)),
                ('width', models.PositiveIntegerField(default=0)),
                ('height', models.PositiveIntegerField(default=0)),
                ('thumb_hash', models.CharField(default='', max_length=64)),
                ('color', models.CharField(default='', max_length=7)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'item_id', 'part'), name='cover_unique')],
            },
        ),
        migrations.CreateModel(
            name='OutsideInfo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=2)),
                ('item_id', navidrome_lib.db.fields.KeyField(max_length=22)),
                ('source', navidrome_lib.db.fields.KeyField(max_length=16)),
                ('asked_with', navidrome_lib.db.fields.KeyField(default='', max_length=32)),
                ('about', models.JSONField(default=dict)),
                ('settled_at', models.DateTimeField(null=True)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, default='', max_length=300)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_try_at__isnull', False)), fields=['source', 'next_try_at'], name='outside_info_waiting_idx')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'item_id', 'source'), name='outside_info_unique')],
            },
        ),
        migrations.CreateModel(
            name='OutsideSource',
            fields=[
                ('name', navidrome_lib.db.fields.KeyField(max_length=16, primary_key=True, serialize=False)),
                ('claimed_by', navidrome_lib.db.fields.KeyField(default='', max_length=22)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('next_request_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, default='', max_length=300)),
            ],
        ),
    ]
