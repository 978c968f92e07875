"""Let every order of songs, and their totals, be read off an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0017_album_orders'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='mediafile',
            name='media_file_title_idx',
        ),
        migrations.RemoveIndex(
            model_name='mediafile',
            name='media_file_artist_idx',
        ),
        migrations.RemoveIndex(
            model_name='mediafile',
            name='media_file_album_idx',
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_title', 'id', 'library', 'missing'], name='media_file_title_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_artist', 'order_album', 'disc_number', 'track_number', 'id', 'library', 'missing'], name='media_file_artist_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_album', 'album_ref', 'disc_number', 'track_number', 'id', 'library', 'missing'], name='media_file_album_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['id', 'library', 'missing', 'year', 'duration', 'size', 'bit_rate', 'channels', 'bpm', 'track_number', 'disc_number', 'mtime_ns'], name='media_file_facts_idx'),
        ),
    ]
