"""Transcoding: getTranscodeDecision, getTranscodeStream. Bit rates are in bit/s here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase

from libraries.models import MediaFile
from media.responses import track_response
from media.tracks import find_track
from media.transcoding.clients import ClientInfo, codec_of, container_of
from media.transcoding.decisions import can_transcode
from media.transcoding.ffmpeg import Recipe
from media.transcoding.fitting import KBIT
from media.transcoding.params import DecisionGone, pack_decision, unpack_decision
from media.transcoding.responses import transcoded_response
from navidrome_lib.errors import InvalidInput, NotFound
from subsonic import renderers
from subsonic.errors import GENERIC, MISSING_PARAMETER, NOT_FOUND, SubsonicError
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

SONG = "song"
POST_ONLY = "This method is for POST: its body describes the player."
GONE = "These parameters are no longer valid. Ask for a new decision."


def get_transcode_decision(caller: Viewer, params: Params) -> Payload | HttpResponseBase:
    """`/rest/getTranscodeDecision`: how a song gets to the player that the body describes."""
    wanted, kind = params.required("mediaId"), params.required("mediaType")
    if params.request.method != "POST":
        refusal = SubsonicError(GENERIC, POST_ONLY, status=HTTPStatus.METHOD_NOT_ALLOWED)
        response = renderers.failure(refusal, params)
        response["Allow"] = "POST"
        return response
    if kind != SONG:
        raise InvalidInput(f"Media of the type “{kind[:40]}” are not supported.")
    track = find_track(caller, wanted)
    try:
        body = orjson.loads(params.request.body)
    except (orjson.JSONDecodeError, RawPostDataException):  # the second one: it was read as a form of several parts
        raise InvalidInput("The body must be JSON that describes the player.") from None
    verdict = ClientInfo.of(body).judge(track)
    decision: dict[str, Any] = {"canDirectPlay": verdict.is_direct, "canTranscode": verdict.recipe is not None}
    if verdict.reasons:
        decision["transcodeReason"] = list(verdict.reasons)
    if verdict.error:
        decision["errorReason"] = verdict.error
    if verdict.is_direct or verdict.recipe is not None:
        decision["transcodeParams"] = pack_decision(track.pk, verdict.recipe)
    decision["sourceStream"] = source_stream(track)
    if verdict.recipe is not None:
        decision["transcodeStream"] = made_stream(track, verdict.recipe)
    return {"transcodeDecision": decision}


def get_transcode_stream(caller: Viewer, params: Params) -> HttpResponseBase:
    """`/rest/getTranscodeStream`: a song as it was decided. Its failures have statuses, for players read no bodies."""
    try:
        wanted = params.required("mediaId")
        params.required("mediaType")
        text = params.required("transcodeParams")
        track = find_track(caller, wanted)
        recipe = unpack_decision(text, track.pk, offset=params.decimal("offset"))
    except SubsonicError as error:
        status = HTTPStatus.BAD_REQUEST if error.code == MISSING_PARAMETER else error.status
        raise SubsonicError(error.code, error.message, status=status) from None
    except NotFound as error:
        raise SubsonicError(NOT_FOUND, error.message, status=HTTPStatus.NOT_FOUND) from None
    except DecisionGone:
        raise SubsonicError(GENERIC, GONE, status=HTTPStatus.GONE) from None
    if recipe is None:
        return track_response(params.request, track)
    if not can_transcode():
        raise SubsonicError(GENERIC, GONE, status=HTTPStatus.GONE)
    return transcoded_response(params.request, track, recipe, person=caller.pk)


def source_stream(track: MediaFile) -> dict[str, Any]:
    """The file as it is."""
    found: dict[str, Any] = {
        "protocol": "http",
        "container": container_of(track),
        "codec": codec_of(track),
        "audioChannels": track.channels,
        "audioBitrate": track.bit_rate * KBIT,
        "audioSamplerate": track.sample_rate,
    }
    return found | ({"audioBitdepth": track.bit_depth} if track.bit_depth else {})


def made_stream(track: MediaFile, recipe: Recipe) -> dict[str, Any]:
    """What is made of it."""
    found: dict[str, Any] = {
        "protocol": "http",
        "container": recipe.target.name,
        "codec": recipe.target.codec,
        "audioChannels": recipe.channels or track.channels,
        "audioSamplerate": recipe.sample_rate or track.sample_rate,
    }
    if recipe.target.is_lossless:
        # what it takes is known when it is made
        depth = recipe.bit_depth or track.bit_depth
        return found | ({"audioBitdepth": depth} if depth else {})
    return found | {"audioBitrate": recipe.bit_rate * KBIT}
