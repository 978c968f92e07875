"""Label fields and choices in plain words; no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0009_count_again'),
    ]

    operations = [
        migrations.AlterField(
            model_name='library',
            name='anchor_file',
            field=models.TextField(blank=True, default='', help_text='A file in the library folder. While it is absent, the library is offline.', verbose_name='anchor file'),
        ),
        migrations.AlterField(
            model_name='library',
            name='default_new_users',
            field=models.BooleanField(default=False, help_text='New users can access this library.', verbose_name='access for new users'),
        ),
        migrations.AlterField(
            model_name='library',
            name='exclude_patterns',
            field=models.JSONField(blank=True, default=list, help_text='Gitignore patterns, relative to the library folder.'),
        ),
        migrations.AlterField(
            model_name='library',
            name='follow_symlinks',
            field=models.BooleanField(default=False, help_text='Follow links that lead out of the library folder.', verbose_name='follow symbolic links'),
        ),
        migrations.AlterField(
            model_name='library',
            name='held_count',
            field=models.PositiveIntegerField(default=20, help_text='Never ask about this many files or fewer.', verbose_name='ask for approval above (files)'),
        ),
        migrations.AlterField(
            model_name='library',
            name='held_percent',
            field=models.PositiveSmallIntegerField(default=50, help_text='Ask before a scan marks more than this share of the library as missing. 100: never ask.', verbose_name='ask for approval above (percent)'),
        ),
        migrations.AlterField(
            model_name='library',
            name='missing_retention_days',
            field=models.PositiveIntegerField(blank=True, help_text='Purge files that have been missing for this many days. Empty: never.', null=True, verbose_name='keep missing files for (days)'),
        ),
        migrations.AlterField(
            model_name='library',
            name='path',
            field=models.TextField(help_text='The path of a folder on the server. Its files are only read, never changed.', verbose_name='path'),
        ),
        migrations.AlterField(
            model_name='library',
            name='recursive',
            field=models.BooleanField(default=True, help_text='Scan the folders below the library folder, too.', verbose_name='include subfolders'),
        ),
        migrations.AlterField(
            model_name='library',
            name='schedule',
            field=models.CharField(blank=True, default='', help_text='When to scan: 0 3 * * * (in UTC), @daily, @every 6h or never. Empty: the schedule of the server.', max_length=120, verbose_name='schedule'),
        ),
        migrations.AlterField(
            model_name='library',
            name='watch',
            field=models.BooleanField(default=False, help_text='Scan folders soon after files in them change.', verbose_name='watch for changes'),
        ),
        migrations.AlterField(
            model_name='mediafile',
            name='suffix',
            field=models.CharField(max_length=8, verbose_name='format'),
        ),
        migrations.AlterField(
            model_name='participant',
            name='role',
            field=models.CharField(choices=[('artist', 'Artist'), ('albumartist', 'Album artist'), ('composer', 'Composer'), ('lyricist', 'Lyricist'), ('conductor', 'Conductor'), ('arranger', 'Arranger'), ('performer', 'Performer'), ('producer', 'Producer'), ('director', 'Director'), ('engineer', 'Engineer'), ('mixer', 'Mixer'), ('remixer', 'Remixer'), ('djmixer', 'DJ mixer')], max_length=16),
        ),
        migrations.AlterField(
            model_name='scan',
            name='full',
            field=models.BooleanField(default=False, verbose_name='full rescan'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='requested_at',
            field=models.DateTimeField(auto_now_add=True, verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='restored',
            field=models.PositiveIntegerField(default=0, verbose_name='restored'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='seen',
            field=models.PositiveIntegerField(default=0, help_text='Audio files checked so far.', verbose_name='files'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='skipped',
            field=models.PositiveIntegerField(default=0, help_text='Also files that are ignored or still being written.', verbose_name='unchanged'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='state',
            field=models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('finished', 'Finished'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('offline', 'Offline'), ('held', 'Needs approval')], default='queued', max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='scan',
            name='trigger',
            field=models.CharField(choices=[('subsonic', 'Subsonic client'), ('api', 'API'), ('admin', 'Admin site'), ('command', 'Command line'), ('library', 'Library settings'), ('schedule', 'Schedule'), ('watcher', 'Watcher'), ('approval', 'Approval')], max_length=16, verbose_name='requested by'),
        ),
        migrations.AlterField(
            model_name='scanproblem',
            name='kind',
            field=models.CharField(choices=[('permission', 'No permission'), ('corrupt', 'Corrupt'), ('empty', 'Empty'), ('unsupported', 'Unsupported'), ('io', 'Read error'), ('encoding', 'Invalid text'), ('timeout', 'Timed out'), ('memory', 'Out of memory'), ('vanished', 'Disappeared'), ('storage', 'Storage not available')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='scanproblem',
            name='path',
            field=models.TextField(help_text='Relative to the library folder.'),
        ),
    ]
