"""Every table as all migrations before leave it, made in one step: what a new database takes instead of them."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import listening.models.share
import navidrome_lib.db.fields
import navidrome_lib.db.ids
from django.conf import settings
from django.db import migrations, models

# its name is no identifier
add_defaults = import_module('listening.migrations.0002_default_transcodings').add_defaults


class Migration(migrations.Migration):

    replaces = [
        ('listening', '0001_initial'),
        ('listening', '0002_default_transcodings'),
        ('listening', '0003_dismissed_files'),
        ('listening', '0004_note_indexes'),
        ('listening', '0005_forwarding'),
    ]

    initial = True

    dependencies = [
        ('libraries', '0021_library_revision'),
        ('users', '0005_listen_scope'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlbumAnnotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starred_at', models.DateTimeField(null=True, verbose_name='favourite since')),
                ('rating', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('rated_at', models.DateTimeField(null=True, verbose_name='rated')),
                ('play_count', models.PositiveIntegerField(default=0, verbose_name='plays')),
                ('play_date', models.DateTimeField(null=True, verbose_name='last play')),
                ('album', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='libraries.album')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'favourite, rating or plays of an album',
                'verbose_name_plural': 'favourites, ratings and plays of albums',
                'indexes': [models.Index(condition=models.Q(('starred_at__isnull', False)), fields=['user', 'starred_at', 'album'], name='album_note_starred_idx'), models.Index(condition=models.Q(('rating__gt', 0)), fields=['user', 'rating', 'rated_at', 'album'], name='album_note_rating_idx'), models.Index(condition=models.Q(('play_count__gt', 0)), fields=['user', 'play_count', 'album'], name='album_note_plays_idx'), models.Index(condition=models.Q(('play_date__isnull', False)), fields=['user', 'play_date', 'album'], name='album_note_played_idx')],
                'constraints': [models.UniqueConstraint(fields=('user', 'album'), name='album_annotation_unique'), models.CheckConstraint(condition=models.Q(('rating__lte', 5)), name='album_annotation_rating')],
            },
        ),
        migrations.CreateModel(
            name='ArtistAnnotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starred_at', models.DateTimeField(null=True, verbose_name='favourite since')),
                ('rating', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('rated_at', models.DateTimeField(null=True, verbose_name='rated')),
                ('play_count', models.PositiveIntegerField(default=0, verbose_name='plays')),
                ('play_date', models.DateTimeField(null=True, verbose_name='last play')),
                ('artist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='libraries.artist')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'favourite, rating or plays of an artist',
                'verbose_name_plural': 'favourites, ratings and plays of artists',
                'indexes': [models.Index(condition=models.Q(('starred_at__isnull', False)), fields=['user', 'starred_at', 'artist'], name='artist_note_starred_idx'), models.Index(condition=models.Q(('rating__gt', 0)), fields=['user', 'rating', 'rated_at', 'artist'], name='artist_note_rating_idx'), models.Index(condition=models.Q(('play_count__gt', 0)), fields=['user', 'play_count', 'artist'], name='artist_note_plays_idx'), models.Index(condition=models.Q(('play_date__isnull', False)), fields=['user', 'play_date', 'artist'], name='artist_note_played_idx')],
                'constraints': [models.UniqueConstraint(fields=('user', 'artist'), name='artist_annotation_unique'), models.CheckConstraint(condition=models.Q(('rating__lte', 5)), name='artist_annotation_rating')],
            },
        ),
        migrations.CreateModel(
            name='Bookmark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveBigIntegerField(default=0)),
                ('comment', models.TextField(blank=True, default='')),
                ('changed_by', models.CharField(blank=True, default='', max_length=255)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('media_file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bookmarks', to='libraries.mediafile')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'bookmark',
                'verbose_name_plural': 'bookmarks',
                'constraints': [models.UniqueConstraint(fields=('user', 'media_file'), name='bookmark_unique')],
            },
        ),
        migrations.CreateModel(
            name='DismissedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_key', navidrome_lib.db.fields.KeyField(max_length=32)),
                ('file_hash', navidrome_lib.db.fields.KeyField(max_length=32)),
                ('library', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='libraries.library')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('library', 'file_key'), name='dismissed_file_unique')],
            },
        ),
        migrations.CreateModel(
            name='Playlist',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, default='', max_length=255, verbose_name='name')),
                ('comment', models.TextField(blank=True, default='', verbose_name='comment')),
                ('public', models.BooleanField(default=False, help_text='Everybody can see and play it.', verbose_name='public')),
                ('rules', models.JSONField(blank=True, null=True)),
                ('evaluated_at', models.DateTimeField(null=True)),
                ('file_path', models.TextField(blank=True, default='')),
                ('file_key', navidrome_lib.db.fields.KeyField(default='', editable=False, max_length=32)),
                ('file_hash', navidrome_lib.db.fields.KeyField(default='', editable=False, max_length=32)),
                ('sync', models.BooleanField(default=False, verbose_name='follows its file')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(verbose_name='changed')),
                ('library', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='playlists', to='libraries.library')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='playlists', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'playlist',
                'verbose_name_plural': 'playlists',
                'constraints': [models.UniqueConstraint(condition=models.Q(('library__isnull', False)), fields=('library', 'file_key'), name='playlist_file_unique')],
            },
        ),
        migrations.CreateModel(
            name='PlayQueue',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('current', models.PositiveIntegerField(default=0)),
                ('position', models.PositiveBigIntegerField(default=0)),
                ('changed_by', models.CharField(blank=True, default='', max_length=255)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='play_queue', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'play queue',
                'verbose_name_plural': 'play queues',
            },
        ),
        migrations.CreateModel(
            name='Radio',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, unique=True, verbose_name='name')),
                ('stream_url', models.URLField(max_length=2000, verbose_name='stream address')),
                ('home_page_url', models.URLField(blank=True, default='', max_length=2000, verbose_name='home page')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'radio',
                'verbose_name_plural': 'radios',
            },
        ),
        migrations.CreateModel(
            name='Scrobble',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('submission_time', models.DateTimeField(verbose_name='played')),
                ('media_file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scrobbles', to='libraries.mediafile')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'play',
                'verbose_name_plural': 'plays',
                'indexes': [models.Index(fields=['user', 'submission_time'], name='scrobble_user_time_idx')],
            },
        ),
        migrations.CreateModel(
            name='ServiceAccount',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('service', models.CharField(choices=[('listenbrainz', 'ListenBrainz'), ('lastfm', 'Last.fm')], max_length=16, verbose_name='service')),
                ('name', models.CharField(blank=True, default='', max_length=255, verbose_name='name')),
                ('secret', models.BinaryField()),
                ('stopped_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, default='', max_length=500)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('claimed_by', navidrome_lib.db.fields.KeyField(default='', editable=False, max_length=22)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('left_out', models.ManyToManyField(blank=True, related_name='+', to='libraries.library')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='service_accounts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'account at another service',
                'verbose_name_plural': 'accounts at other services',
                'constraints': [models.UniqueConstraint(fields=('user', 'service'), name='service_account_unique')],
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=listening.models.share.new_share_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('description', models.TextField(blank=True, default='', verbose_name='description')),
                ('resource_type', models.CharField(choices=[('media_file', 'Songs'), ('album', 'Albums'), ('artist', 'Artists'), ('playlist', 'Playlists')], max_length=16, verbose_name='kind')),
                ('contents', models.CharField(blank=True, default='', max_length=255, verbose_name='contents')),
                ('downloadable', models.BooleanField(default=False, verbose_name='can be downloaded')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('format', models.CharField(blank=True, default='', max_length=32, verbose_name='format')),
                ('max_bit_rate', models.PositiveIntegerField(default=0, verbose_name='bit rate limit')),
                ('last_visited_at', models.DateTimeField(editable=False, null=True, verbose_name='last visit')),
                ('visit_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='visits')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'share',
                'verbose_name_plural': 'shares',
            },
        ),
        migrations.CreateModel(
            name='TrackAnnotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starred_at', models.DateTimeField(null=True, verbose_name='favourite since')),
                ('rating', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('rated_at', models.DateTimeField(null=True, verbose_name='rated')),
                ('play_count', models.PositiveIntegerField(default=0, verbose_name='plays')),
                ('play_date', models.DateTimeField(null=True, verbose_name='last play')),
                ('media_file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='libraries.mediafile')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'favourite, rating or plays of a song',
                'verbose_name_plural': 'favourites, ratings and plays of songs',
                'indexes': [models.Index(condition=models.Q(('starred_at__isnull', False)), fields=['user', 'starred_at', 'media_file'], name='track_note_starred_idx'), models.Index(condition=models.Q(('rating__gt', 0)), fields=['user', 'rating', 'rated_at', 'media_file'], name='track_note_rating_idx'), models.Index(condition=models.Q(('play_count__gt', 0)), fields=['user', 'play_count', 'media_file'], name='track_note_plays_idx'), models.Index(condition=models.Q(('play_date__isnull', False)), fields=['user', 'play_date', 'media_file'], name='track_note_played_idx')],
                'constraints': [models.UniqueConstraint(fields=('user', 'media_file'), name='track_annotation_unique'), models.CheckConstraint(condition=models.Q(('rating__lte', 5)), name='track_annotation_rating')],
            },
        ),
        migrations.CreateModel(
            name='Transcoding',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, unique=True, verbose_name='name')),
                ('target_format', models.CharField(max_length=32, unique=True, verbose_name='format')),
                ('command', models.TextField(blank=True, default='', verbose_name='command')),
                ('default_bit_rate', models.PositiveIntegerField(default=0, help_text='kbit/s; 0: as it comes.', verbose_name='bit rate')),
            ],
            options={
                'verbose_name': 'transcoding',
                'verbose_name_plural': 'transcodings',
            },
        ),
        migrations.CreateModel(
            name='Player',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('client', models.CharField(max_length=255, verbose_name='client')),
                ('user_agent', models.CharField(blank=True, default='', max_length=255, verbose_name='user agent')),
                ('ip', models.CharField(blank=True, default='', max_length=64, verbose_name='address')),
                ('last_seen', models.DateTimeField(auto_now_add=True, verbose_name='last seen')),
                ('max_bit_rate', models.PositiveIntegerField(default=0, help_text='kbit/s; 0: no limit.', verbose_name='bit rate limit')),
                ('report_real_path', models.BooleanField(default=False, verbose_name='show real paths')),
                ('scrobble_enabled', models.BooleanField(default=True, verbose_name='send plays to other services')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='players', to=settings.AUTH_USER_MODEL)),
                ('transcoding', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='listening.transcoding', verbose_name='transcoding')),
            ],
            options={
                'verbose_name': 'player',
                'verbose_name_plural': 'players',
                'constraints': [models.UniqueConstraint(fields=('user', 'client', 'user_agent'), name='player_unique')],
            },
        ),
        migrations.CreateModel(
            name='PlaylistAnnotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starred_at', models.DateTimeField(null=True, verbose_name='favourite since')),
                ('rating', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(5)], verbose_name='rating')),
                ('rated_at', models.DateTimeField(null=True, verbose_name='rated')),
                ('play_count', models.PositiveIntegerField(default=0, verbose_name='plays')),
                ('play_date', models.DateTimeField(null=True, verbose_name='last play')),
                ('playlist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='annotations', to='listening.playlist')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'favourite or rating of a playlist',
                'verbose_name_plural': 'favourites and ratings of playlists',
                'constraints': [models.UniqueConstraint(fields=('user', 'playlist'), name='playlist_annotation_unique'), models.CheckConstraint(condition=models.Q(('rating__lte', 5)), name='playlist_annotation_rating')],
            },
        ),
        migrations.CreateModel(
            name='PlaylistTrack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('media_file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='playlist_entries', to='libraries.mediafile')),
                ('playlist', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='listening.playlist')),
            ],
            options={
                'verbose_name': 'entry of a playlist',
                'verbose_name_plural': 'entries of playlists',
                'constraints': [models.UniqueConstraint(fields=('playlist', 'position'), name='playlist_position_unique')],
            },
        ),
        migrations.CreateModel(
            name='PlayQueueTrack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('media_file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='queue_entries', to='libraries.mediafile')),
                ('queue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='listening.playqueue')),
            ],
            options={
                'verbose_name': 'entry of a play queue',
                'verbose_name_plural': 'entries of play queues',
                'constraints': [models.UniqueConstraint(fields=('queue', 'position'), name='queue_position_unique')],
            },
        ),
        migrations.CreateModel(
            name='ShareItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('album', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_items', to='libraries.album')),
                ('artist', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_items', to='libraries.artist')),
                ('media_file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_items', to='libraries.mediafile')),
                ('playlist', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='share_items', to='listening.playlist')),
                ('share', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='listening.share')),
            ],
            options={
                'verbose_name': 'entry of a share',
                'verbose_name_plural': 'entries of shares',
                'constraints': [models.UniqueConstraint(fields=('share', 'position'), name='share_position_unique'), models.CheckConstraint(condition=models.Q(models.Q(('album__isnull', True), ('artist__isnull', True), ('media_file__isnull', False), ('playlist__isnull', True)), models.Q(('album__isnull', False), ('artist__isnull', True), ('media_file__isnull', True), ('playlist__isnull', True)), models.Q(('album__isnull', True), ('artist__isnull', False), ('media_file__isnull', True), ('playlist__isnull', True)), models.Q(('album__isnull', True), ('artist__isnull', True), ('media_file__isnull', True), ('playlist__isnull', False)), _connector='OR'), name='share_item_one_thing')],
            },
        ),
        migrations.CreateModel(
            name='WaitingPlay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('track_id', navidrome_lib.db.fields.KeyField(max_length=22)),
                ('played_at', models.DateTimeField()),
                ('about', models.JSONField()),
                ('refused', models.CharField(blank=True, default='', max_length=500)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='plays', to='listening.serviceaccount')),
            ],
            options={
                'verbose_name': 'play to be sent on',
                'verbose_name_plural': 'plays to be sent on',
                'indexes': [models.Index(condition=models.Q(('refused', '')), fields=['account', 'id'], name='waiting_play_idx')],
                'constraints': [models.UniqueConstraint(fields=('account', 'track_id', 'played_at'), name='waiting_play_unique')],
            },
        ),
        migrations.AddField(
            model_name='playlist',
            name='tracks',
            field=models.ManyToManyField(related_name='playlists', through='listening.PlaylistTrack', to='libraries.mediafile'),
        ),
        migrations.RunPython(add_defaults, migrations.RunPython.noop),
    ]
