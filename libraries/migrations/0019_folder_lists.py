"""Tell folders that lists show from others by an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0018_song_orders'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='mediafile',
            name='media_file_folder_idx',
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(fields=['folder', 'purge_id'], name='media_file_folder_idx'),
        ),
    ]
