"""The wire form of what people add; every key is declared by name, so that a search finds its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from libraries.catalog_api.schema import SongSerializer
from listening.models import Player, Playlist, Radio, Share, Transcoding
from listening.models.share import ResourceType
from listening.rules.parsing import RuleError, parse_rules
from listening.services.playlists import Totals
from navidrome_lib.api.fields import Flag, Name, StringId, Text, Timestamp, WholeNumber
from navidrome_lib.api.wire import instant

MAX_NUMBER: Final = 2**31 - 1
MAX_MILLISECONDS: Final = 2**53
# what a client gets where there was never a moment
NEVER: Final = "0001-01-01T00:00:00Z"
NO_OBJECT: dict[str, Any] = {"invalid": "The body must be a JSON object."}


GIVEN_HELP = "A name of the picture that it was given; without one it is empty, or not there."
HASH_HELP = "The digest of that picture, for the id of the cover."


class LeavesOutEmpty(serializers.Serializer[Any]):
    """Leaves the keys of `left_out` out where they are empty, as clients know it."""

    left_out: Collection[str] = ()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        found = super().to_representation(instance)
        return {key: value for key, value in found.items() if value or key not in self.left_out}


class IdSerializer(serializers.Serializer[Any]):
    """The id of what was made."""

    id = serializers.CharField()


class PlayerSerializer(serializers.Serializer[Player]):
    """A program with which a person listens."""

    userName = serializers.CharField(source="user.username")
    id = StringId(source="pk")
    name = serializers.CharField()
    userAgent = serializers.CharField(source="user_agent")
    userId = serializers.CharField(source="user_id")
    client = serializers.CharField()
    ip = serializers.CharField(help_text="The address that it came from.")
    lastSeen = Timestamp(source="last_seen")
    transcodingId = serializers.SerializerMethodField(help_text="Empty: the original files.")
    maxBitRate = serializers.IntegerField(source="max_bit_rate", help_text="kbit/s; 0: no limit.")
    reportRealPath = serializers.BooleanField(source="report_real_path")
    scrobbleEnabled = serializers.BooleanField(source="scrobble_enabled")

    def get_transcodingId(self, player: Player) -> str:
        return player.transcoding_id or ""


class PlayerInputSerializer(serializers.Serializer[Player]):
    """The body of `POST` and `PUT /api/player`."""

    name = Name(max_length=255)
    client = Name(max_length=255, required=False, allow_blank=True)
    userId = Text(source="user_id", required=False, help_text="For admins: whose it is.")
    transcodingId = Text(source="transcoding_id", required=False, allow_blank=True)
    maxBitRate = WholeNumber(source="max_bit_rate", required=False, min_value=0, max_value=MAX_NUMBER)
    reportRealPath = Flag(source="report_real_path", required=False)
    scrobbleEnabled = Flag(source="scrobble_enabled", required=False)

    default_error_messages = NO_OBJECT

    def validate_transcodingId(self, value: str) -> str | None:
        if value and not Transcoding.objects.filter(pk=value).exists():
            raise serializers.ValidationError("There is no transcoding with this id.")
        return value or None


class RadioSerializer(serializers.Serializer[Radio]):
    """An internet radio station."""

    id = StringId(source="pk")
    streamUrl = serializers.CharField(source="stream_url")
    name = serializers.CharField()
    homePageUrl = serializers.CharField(source="home_page_url")
    createdAt = Timestamp(source="created_at")
    updatedAt = Timestamp(source="updated_at")
    uploadedImage = serializers.CharField(required=False, help_text=GIVEN_HELP)
    imageHash = serializers.CharField(required=False, help_text=HASH_HELP)
    thumbHash = serializers.CharField(required=False)
    dominantColor = serializers.CharField(required=False)
    imageWidth = serializers.IntegerField(required=False)
    imageHeight = serializers.IntegerField(required=False)

    def to_representation(self, instance: Radio) -> dict[str, Any]:
        return {**super().to_representation(instance), **self.context.get("added", {}).get(instance.pk, {})}


class WebAddress(Text):
    """An address that clients may open: http or https."""

    default_error_messages = {"scheme": "Must begin with http:// or https://."}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value and not value.lower().startswith(("http://", "https://")):
            self.fail("scheme")
        return value


class RadioInputSerializer(serializers.Serializer[Radio]):
    """The body of `POST` and `PUT /api/radio`."""

    name = Name(max_length=255)
    streamUrl = WebAddress(source="stream_url", max_length=2000)
    homePageUrl = WebAddress(source="home_page_url", max_length=2000, required=False, allow_blank=True)

    default_error_messages = NO_OBJECT


class TranscodingSerializer(serializers.Serializer[Transcoding]):
    """A format that audio can be converted to."""

    id = StringId(source="pk")
    name = serializers.CharField()
    targetFormat = serializers.CharField(source="target_format")
    command = serializers.SerializerMethodField(help_text="Empty for who is no admin.")
    defaultBitRate = serializers.IntegerField(source="default_bit_rate", help_text="kbit/s; 0: as it comes.")

    def get_command(self, transcoding: Transcoding) -> str:
        return transcoding.command if self.context["is_admin"] else ""


class TranscodingInputSerializer(serializers.Serializer[Transcoding]):
    """The body of `POST` and `PUT /api/transcoding`."""

    name = Name(max_length=255)
    targetFormat = Name(source="target_format", max_length=32)
    command = Text(max_length=4000)
    defaultBitRate = WholeNumber(source="default_bit_rate", required=False, min_value=0, max_value=MAX_NUMBER)

    default_error_messages = NO_OBJECT


class ScrobbleSerializer(serializers.Serializer[Any]):
    """One play."""

    id = serializers.IntegerField(source="pk")
    mediaFileId = serializers.CharField(source="media_file_id")
    submissionTime = serializers.SerializerMethodField(help_text="Unix seconds.")

    def get_submissionTime(self, row: Any) -> int:
        return int(row.submission_time.timestamp())


class Moment(serializers.DateTimeField):
    """An instant out, as `Timestamp`, that may be left out."""

    def to_representation(self, value: Any) -> str:
        return instant(value)


class ShareSerializer(LeavesOutEmpty):
    """Music that is shown to everybody who has the address."""

    left_out = ("description", "lastVisitedAt", "format", "maxBitRate", "visitCount")

    id = StringId(source="pk")
    userId = serializers.CharField(source="user_id")
    username = serializers.CharField(source="user.username")
    description = serializers.CharField(required=False)
    downloadable = serializers.BooleanField()
    expiresAt = Timestamp(source="expires_at")
    lastVisitedAt = Moment(source="last_visited_at", required=False)
    resourceIds = serializers.SerializerMethodField(help_text="Ids, with commas between.")
    resourceType = serializers.ChoiceField(source="resource_type", choices=ResourceType.choices)
    contents = serializers.SerializerMethodField(help_text="The name of the first thing.")
    format = serializers.CharField(required=False)
    maxBitRate = serializers.IntegerField(source="max_bit_rate", required=False, help_text="kbit/s.")
    visitCount = serializers.IntegerField(source="visit_count", required=False)
    createdAt = Timestamp(source="created_at")
    updatedAt = Timestamp(source="updated_at")

    def get_resourceIds(self, share: Share) -> str:
        return ",".join(pk for pk in self.things(share) if pk in self.context["visible"])

    def get_contents(self, share: Share) -> str:
        """Nothing where the viewer cannot access the first thing any more."""
        first = self.things(share)[:1]
        return share.contents if first and first[0] in self.context["visible"] else ""

    def things(self, share: Share) -> list[str]:
        """The ids of what was shared, in order."""
        return [item.thing_id for item in sorted(share.items.all(), key=lambda item: item.position)]


class ShareInputSerializer(serializers.Serializer[Share]):
    """What can be changed of a share."""

    description = Text(required=False, allow_blank=True, max_length=2000)
    downloadable = Flag(required=False)
    expiresAt = serializers.DateTimeField(
        source="expires_at", required=False, allow_null=True, help_text="Null: as it is, or the default of the server."
    )
    format = Name(required=False, allow_blank=True, max_length=32)
    maxBitRate = WholeNumber(source="max_bit_rate", required=False, min_value=0, max_value=MAX_NUMBER)

    default_error_messages = NO_OBJECT


class NewShareInputSerializer(ShareInputSerializer):
    """The body of `POST /api/share`."""

    resourceIds = Text(max_length=100_000, help_text="Ids, with commas between.")
    resourceType = serializers.ChoiceField(
        choices=ResourceType.choices, required=False, help_text="Without one, the ids may be of any kind."
    )


class PlaylistSerializer(serializers.Serializer[Playlist]):
    """A playlist, with the totals of the songs that the viewer can access."""

    id = serializers.CharField()
    name = serializers.CharField()
    comment = serializers.CharField()
    duration = serializers.FloatField(help_text="Seconds.")
    size = serializers.IntegerField(help_text="Bytes.")
    songCount = serializers.IntegerField()
    ownerName = serializers.CharField()
    ownerId = serializers.CharField()
    public = serializers.BooleanField()
    path = serializers.CharField(help_text="The file that it was made of; empty: none.")
    sync = serializers.BooleanField(help_text="Whether its songs follow that file.")
    uploadedImage = serializers.CharField(help_text=GIVEN_HELP)
    imageHash = serializers.CharField(required=False, help_text=HASH_HELP)
    thumbHash = serializers.CharField(required=False)
    dominantColor = serializers.CharField(required=False)
    imageWidth = serializers.IntegerField(required=False)
    imageHeight = serializers.IntegerField(required=False)
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    rules = serializers.DictField(allow_null=True, help_text="Of a smart playlist.")
    evaluatedAt = serializers.DateTimeField(allow_null=True, help_text="When its songs were last chosen.")
    starred = serializers.BooleanField(required=False)
    starredAt = serializers.DateTimeField(required=False)


def playlist_object(
    playlist: Playlist, totals: Totals, starred_at: datetime | None, libraries: Mapping[int, str]
) -> dict[str, Any]:
    """A playlist on the wire. `libraries` are the roots of those that the viewer can access, by id."""
    root = libraries.get(playlist.library_id or 0)
    return {
        "id": playlist.pk,
        "name": playlist.name,
        "comment": playlist.comment,
        "duration": round(totals.duration, 2),
        "size": totals.size,
        "songCount": totals.songs,
        "ownerName": playlist.owner.username,
        "ownerId": playlist.owner_id,
        "public": playlist.public,
        "path": "" if root is None else f"{root.rstrip('/')}/{playlist.file_path}",
        "sync": playlist.follows_file,
        "uploadedImage": "",
        "createdAt": instant(playlist.created_at),
        "updatedAt": instant(playlist.updated_at),
        "rules": playlist.rules,
        "evaluatedAt": playlist.evaluated_at and instant(playlist.evaluated_at),
        **({"starred": True, "starredAt": instant(starred_at)} if starred_at else {}),
    }


@extend_schema_field({"type": "object", "additionalProperties": True})
class Rules(serializers.JSONField):
    """The rules of a smart playlist in: kept as they come, when they can be carried out."""

    def to_internal_value(self, data: Any) -> Any:
        rules = super().to_internal_value(data)
        try:
            parse_rules(rules)
        except RuleError as error:
            raise serializers.ValidationError(str(error)) from error
        return rules


class PlaylistInputSerializer(serializers.Serializer[Playlist]):
    """The body of `POST` and `PUT /api/playlist`."""

    name = Name(required=False, allow_blank=True, max_length=255)
    comment = Text(required=False, allow_blank=True, max_length=10_000)
    public = Flag(required=False)
    sync = Flag(required=False)
    ownerId = Text(source="owner_id", required=False, help_text="For admins: whose it is.")
    rules = Rules(required=False, allow_null=True, help_text="Of a smart playlist; null: chosen by hand.")

    default_error_messages = NO_OBJECT


class DiscSerializer(serializers.Serializer[Any]):
    """One disc of an album."""

    albumId = Text()
    discNumber = WholeNumber(min_value=0, max_value=MAX_NUMBER)


class AddedTracksSerializer(serializers.Serializer[Any]):
    """The body of `POST /api/playlist/{id}/tracks`: what to add, in this order."""

    ids = serializers.ListField(child=Text(), required=False, allow_null=True)
    albumIds = serializers.ListField(child=Text(), required=False, allow_null=True)
    artistIds = serializers.ListField(child=Text(), required=False, allow_null=True)
    discs = serializers.ListField(child=DiscSerializer(), required=False, allow_null=True)

    default_error_messages = NO_OBJECT


class AddedCountSerializer(serializers.Serializer[Any]):
    """How many songs were added."""

    added = serializers.IntegerField()


class PlaceSerializer(serializers.Serializer[Any]):
    """The body of `PUT /api/playlist/{id}/tracks/{n}`."""

    insert_before = Text(help_text='The place that the song has then, as a text: `"4"`.')

    default_error_messages = NO_OBJECT

    def validate_insert_before(self, value: str) -> int:
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise serializers.ValidationError("Must be the number of a place, as a text.")
        return int(value)


class PlaylistSongSerializer(SongSerializer):
    """A song at its place: `id` is the number of the place, from 1."""

    mediaFileId = serializers.CharField(help_text="The id of the song.")
    playlistId = serializers.CharField()


class RemovedTracksSerializer(serializers.Serializer[Any]):
    """Which places were emptied: `id` where one was named, else `ids`."""

    id = serializers.CharField(required=False)
    ids = serializers.ListField(child=serializers.CharField(), required=False)


class QueueSerializer(serializers.Serializer[Any]):
    """The play queue; without one, texts are empty and the times are in the year 1."""

    id = serializers.CharField()
    userId = serializers.CharField()
    current = serializers.IntegerField(help_text="The place of the present song in `items`, from 0.")
    position = serializers.IntegerField(help_text="Milliseconds.")
    changedBy = serializers.CharField()
    items = serializers.ListField(child=serializers.DictField(), required=False, help_text="Songs.")
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class QueueInputSerializer(serializers.Serializer[Any]):
    """The body of `POST` and `PUT /api/queue`."""

    ids = serializers.ListField(child=Text(), required=False, allow_null=True)
    current = WholeNumber(required=False, min_value=0, max_value=MAX_NUMBER)
    position = WholeNumber(required=False, min_value=-MAX_MILLISECONDS, max_value=MAX_MILLISECONDS)

    default_error_messages = NO_OBJECT
