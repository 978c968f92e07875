from django.db import migrations

FFMPEG = "ffmpeg -ss %t -i %s -map 0:a:0 -map_metadata 0 -map_metadata 0:s:a:0"
# name, format, kbit/s, what follows in the command
DEFAULTS = (
    ("mp3 audio", "mp3", 192, "-b:a %bk -v 0 -f mp3 -"),
    ("opus audio", "opus", 128, "-b:a %bk -v 0 -c:a libopus -f opus -"),
    ("aac audio", "aac", 256, "-b:a %bk -v 0 -c:a aac -f adts -"),
    ("flac audio", "flac", 0, "-v 0 -c:a flac -f flac -"),
)


def add_defaults(apps, schema_editor):
    """Add what every server can convert to at first."""
    transcodings = apps.get_model("listening", "Transcoding").objects
    for name, target_format, bit_rate, rest in DEFAULTS:
        transcodings.create(
            name=name, target_format=target_format, default_bit_rate=bit_rate, command=f"{FFMPEG} {rest}"
        )


class Migration(migrations.Migration):
    dependencies = [("listening", "0001_initial")]
    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop)]
