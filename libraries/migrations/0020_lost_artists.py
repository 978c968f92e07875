"""Keep the artists of whom a library has missing songs alone, beside those whose songs are there."""

from typing import Any

from django.db import migrations


def find_lost(apps: Any, schema_editor: Any) -> None:
    """Add a row for each that has none yet."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO libraries_libraryartist (library_id, artist_id, song_count, album_count, stats, size,
                main_song_count, main_album_count, main_size)
            SELECT DISTINCT m.library_id, p.artist_id, 0, 0, '{}', 0, 0, 0, 0
            FROM libraries_mediafile m JOIN libraries_participant p ON p.media_file_id = m.id
            WHERE m.missing AND m.purge_id IS NULL
            ON CONFLICT (library_id, artist_id) DO NOTHING"""
        )


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0019_folder_lists'),
    ]

    operations = [
        migrations.RunPython(find_lost, migrations.RunPython.noop),
    ]
