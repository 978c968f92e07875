"""Keep the names that lists are in order of: in lower case, without accents and articles."""

import navidrome_lib.db.fields
from django.conf import settings
from django.db import migrations, models
from libraries.order_names import order_name, shared_order_name

BATCH = 2000


def fill(apps, schema_editor):
    """Write the names of what is known."""
    articles = settings.CONF.tags.ignored_articles
    artists = {}
    for pk, name in apps.get_model('libraries', 'Artist').objects.values_list('pk', 'name').iterator(BATCH):
        artists[pk] = order_name(name, articles)
    write(schema_editor, 'artist', ('order_name',), ((name, pk) for pk, name in artists.items()))
    albums = apps.get_model('libraries', 'Album').objects.values_list('pk', 'name', 'artist', 'album_artist')
    write(schema_editor, 'album', ('order_name', 'order_artist'), (
        (order_name(name, articles), artists.get(artist) or order_name(shown, articles), pk)
        for pk, name, artist, shown in albums.iterator(BATCH)
    ))
    tracks = apps.get_model('libraries', 'MediaFile').objects.order_by('pk')
    names = tracks.values_list('pk', 'title', 'album', 'artist', 'album_artist', 'album_ref__artist')
    participants = apps.get_model('libraries', 'Participant').objects.filter(role='artist').order_by('-position')
    last = ''
    while rows := list(names.filter(pk__gt=last)[:BATCH]):
        last = rows[-1][0]
        # the first artist of each track
        first = dict(participants.filter(media_file__gte=rows[0][0], media_file__lte=last).values_list('media_file', 'artist'))
        write(schema_editor, 'mediafile', ('order_title', 'order_album', 'order_artist', 'order_album_artist'), (
            (
                order_name(title),
                shared_order_name(album, articles),
                artists.get(first.get(pk)) or shared_order_name(artist, articles),
                artists.get(album_artist_id) or shared_order_name(album_artist, articles),
                pk,
            )
            for pk, title, album, artist, album_artist, album_artist_id in rows
        ))


def write(schema_editor, model, columns, rows):
    sets = ', '.join(f'{column} = %s' for column in columns)
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(f'UPDATE libraries_{model} SET {sets} WHERE id = %s', list(rows))


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0014_album_identity'),
    ]

    operations = [
        migrations.AddField(
            model_name='album',
            name='order_artist',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='album',
            name='order_name',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='artist',
            name='order_name',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='mediafile',
            name='order_album',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='mediafile',
            name='order_album_artist',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='mediafile',
            name='order_artist',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.AddField(
            model_name='mediafile',
            name='order_title',
            field=navidrome_lib.db.fields.OrderField(default='', editable=False, max_length=128),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['order_name', 'id'], name='album_name_idx'),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['order_artist', 'order_name', 'id'], name='album_artist_idx'),
        ),
        migrations.AddIndex(
            model_name='album',
            index=models.Index(fields=['created_at', 'id'], name='album_created_idx'),
        ),
        migrations.AddIndex(
            model_name='artist',
            index=models.Index(fields=['order_name', 'id'], name='artist_name_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_title', 'id', 'library'], name='media_file_title_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_artist', 'order_album', 'disc_number', 'track_number', 'id', 'library'], name='media_file_artist_idx'),
        ),
        migrations.AddIndex(
            model_name='mediafile',
            index=models.Index(condition=models.Q(('purge_id__isnull', True)), fields=['order_album', 'album_ref', 'disc_number', 'track_number', 'id', 'library'], name='media_file_album_idx'),
        ),
    ]
