"""Give the orders of albums their library and count, so that lists are read off them alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0016_gathered'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='album',
            name='album_songs_idx',
        ),
        migrations.RemoveIndex(
            model_name='album',
            name='album_name_idx',
        ),
        migrations.RemoveIndex(
            model_name='album',
            name='album_artist_idx',
        ),
        migrations.RemoveIndex(
            model_name='album',
            name='album_created_idx',
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['song_count', 'id', 'library'], name='album_songs_idx'),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['order_name', 'id', 'library', 'song_count'], name='album_name_idx'),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['order_artist', 'order_name', 'id', 'library', 'song_count'], name='album_artist_idx'),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['created_at', 'id', 'library', 'song_count'], name='album_created_idx'),
        ),
    ]
