"""Keep what the songs of an album say together, and what an artist does role by role: gathered behind scans."""

import django.db.models.deletion
import navidrome_lib.db.fields
from django.db import migrations, models
from libraries.search.words import spaced


def fill(apps, schema_editor):
    """Write the words by which artists are found."""
    artists = apps.get_model('libraries', 'Artist').objects.values_list('name', 'sort_name', 'pk')
    rows = [(spaced(name, sort_name), pk) for name, sort_name, pk in artists.iterator(2000)]
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany('UPDATE libraries_artist SET words = %s WHERE id = %s', rows)


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0015_order_names'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlbumTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('song_count', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=32)),
                ('value', models.TextField()),
                ('order_value', navidrome_lib.db.fields.OrderField(max_length=128)),
            ],
        ),
        migrations.AddField(
            model_name='album',
            name='details',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='album',
            name='words',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='artist',
            name='words',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='libraryartist',
            name='main_album_count',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='libraryartist',
            name='main_size',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='libraryartist',
            name='main_song_count',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='libraryartist',
            name='size',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='libraryartist',
            name='stats',
            field=models.TextField(default='', editable=False),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(condition=models.Q(('details', '')), fields=['library', 'id'], name='album_ungathered_idx'),
        ),
        migrations.AddIndex(
            model_name='libraryartist',
            index=models.Index(condition=models.Q(('stats', '')), fields=['library', 'artist'], name='library_artist_ungathered_idx'),
        ),
        migrations.AddField(
            model_name='albumtag',
            name='album',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='album_tags', to='libraries.album'),
        ),
        migrations.AddField(
            model_name='albumtag',
            name='library',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='album_tags', to='libraries.library'),
        ),
        migrations.AddIndex(
            model_name='tag',
            index=models.Index(fields=['name', 'id'], name='tag_name_idx'),
        ),
        migrations.AddField(
            model_name='albumtag',
            name='tag',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='of_albums', to='libraries.tag'),
        ),
        migrations.AddIndex(
            model_name='albumtag',
            index=models.Index(fields=['tag', 'library', 'album', 'song_count'], name='album_tag_idx'),
        ),
        migrations.AddConstraint(
            model_name='albumtag',
            constraint=models.UniqueConstraint(fields=('album', 'tag'), name='album_tag_unique'),
        ),
    ]
