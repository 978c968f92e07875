"""The form of XML where it is not that of JSON."""

from __future__ import annotations

import orjson

from subsonic.params import Params
from subsonic.renderers import Listed, Text, as_json, as_xml, render


def body_of(xml: bytes) -> str:
    return xml.decode().partition("\n")[2]


def test_single_values_are_attributes_and_some_are_elements() -> None:
    info = {"musicBrainzId": Text("a<b"), "name": "c"}
    wanted = '<subsonic-response xmlns="http://subsonic.org/restapi"><info name="c"><musicBrainzId>a&lt;b'
    assert body_of(as_xml({"info": info})).startswith(wanted)
    assert orjson.loads(as_json({"info": info}))["subsonic-response"] == {"info": info}


def test_dates_of_which_nothing_is_known_are_left_out() -> None:
    album = {"releaseDate": {}, "originalReleaseDate": {"year": 2020, "month": 1}, "replayGain": {}}
    text = body_of(as_xml({"album": album}))
    assert "releaseDate" not in text
    assert '<originalReleaseDate year="2020" month="1" />' in text
    assert "<replayGain />" in text
    assert b'"releaseDate":{}' in as_json({"album": album})


def test_the_value_of_a_cue_line_is_an_attribute() -> None:
    lyrics = {"line": [{"value": "La", "start": 1}], "cueLine": [{"index": 0, "value": "La", "cue": [{"value": "L"}]}]}
    text = body_of(as_xml({"structuredLyrics": [{**lyrics, "agents": [{"id": "a", "role": "main"}]}]}))
    assert '<line start="1">La</line>' in text
    assert '<cueLine index="0" value="La"><cue>L</cue></cueLine>' in text
    assert '<agent id="a" role="main" />' in text


def test_lists_repeat_their_element_and_have_no_wrapper() -> None:
    song = {"isrc": ["A", "B"], "genres": [{"name": "Rock"}], "moods": [], "explicit": True, "gain": -1.5}
    text = body_of(as_xml({"song": song}))
    assert '<song explicit="true" gain="-1.5"><isrc>A</isrc><isrc>B</isrc><genres name="Rock" /></song>' in text


def test_what_xml_has_no_room_for_is_written_otherwise() -> None:
    odd = "a&<b>\"'\t\n\r\x00\x0b\ufffe\ud800é"
    text = body_of(as_xml({"song": {"title": odd, "isrc": [odd, ""], "genre": Text(odd)}}))
    inner = "a&amp;&lt;b&gt;\"'\t\n\r\ufffd\ufffd\ufffd\ufffdé"
    attribute = "a&amp;&lt;b&gt;&quot;'&#09;&#10;&#13;\ufffd\ufffd\ufffd\ufffdé"
    wanted = f'<song title="{attribute}"><isrc>{inner}</isrc><isrc /><genre>{inner}</genre></song>'
    assert wanted in text


def test_lists_that_were_written_before_are_the_same_in_each_notation() -> None:
    songs = [{"id": "1", "moods": ["a"], "size": 3, "gain": -1.5, "isDir": False, "genres": [{"name": "é"}]}]
    listed = {"album": {"name": "a", "song": Listed(lambda: orjson.dumps(songs))}}
    plain = {"album": {"name": "a", "song": songs}}
    assert as_json(listed) == as_json(plain)
    assert as_xml(listed) == as_xml(plain)


def test_a_script_has_no_line_end_that_only_scripts_know() -> None:
    params = Params({"f": ["jsonp"], "callback": ["done"]})
    text = render({"name": "a\u2028b\u2029c"}, params).content.decode()
    assert text == '/**/done({"subsonic-response":{"name":"a\\u2028b\\u2029c"}});'
