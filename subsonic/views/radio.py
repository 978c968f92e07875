"""Internet radio: the list of stations, and how admins change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models.functions import Lower

from listening.models import Radio
from listening.serializers import RadioInputSerializer
from listening.services.radios import delete_radio, find_radio, save_radio
from media.choices import CoverKind
from media.covers.ids import cover_id
from media.uploads.keys import keys_of_radios
from subsonic.forms import checked, given
from subsonic.params import Params
from subsonic.renderers import Payload
from users.models import Viewer

# keys of `/api/radio` and the parameters that they come in
NAMES: Final = {"name": "name", "streamUrl": "streamUrl", "homePageUrl": "homepageUrl"}


def get_internet_radio_stations(caller: Viewer, params: Params) -> Payload:
    """`/rest/getInternetRadioStations`: all stations, by name."""
    stations = list(Radio.objects.order_by(Lower("name"), "pk"))
    pictures = keys_of_radios([radio.pk for radio in stations])
    shown = [station(radio, pictures.get(radio.pk, {})) for radio in stations]
    return {"internetRadioStations": {"internetRadioStation": shown}}


def create_internet_radio_station(caller: Viewer, params: Params) -> Payload:
    """`/rest/createInternetRadioStation`: add a station."""
    save_radio(Radio(), values(params))
    return {}


def update_internet_radio_station(caller: Viewer, params: Params) -> Payload:
    """`/rest/updateInternetRadioStation`: change a station; its home page stays where the call has none."""
    radio = find_radio(params.required("id"))
    save_radio(radio, values(params))
    return {}


def delete_internet_radio_station(caller: Viewer, params: Params) -> Payload:
    """`/rest/deleteInternetRadioStation`: remove a station."""
    delete_radio(find_radio(params.required("id")))
    return {}


def values(params: Params) -> dict[str, Any]:
    """The values of a station as a call has them."""
    for name in ("streamUrl", "name"):
        params.required(name)
    return checked(RadioInputSerializer, given(params, NAMES), NAMES)


def station(radio: Radio, picture: Mapping[str, Any]) -> dict[str, Any]:
    """`internetRadioStation`: its home page, and the picture that it was given, only where it has one."""
    home = {"homePageUrl": radio.home_page_url} if radio.home_page_url else {}
    cover = {"coverArt": cover_id(CoverKind.RADIO, radio.pk, picture["imageHash"])} if picture else {}
    return {"id": radio.pk, "name": radio.name, "streamUrl": radio.stream_url, **home, **cover}
