"""Keep login passwords for Subsonic clients where that is asked for; end what deactivated accounts still held."""

from django.db import migrations, models


def end_sign_ins(apps, schema_editor):
    """App passwords and keys of accounts that are not active: activating them again must revive nothing."""
    apps.get_model("users", "User").objects.filter(is_active=False).update(subsonic_secret=b"")
    apps.get_model("users", "ApiKey").objects.filter(user__is_active=False).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0002_wording'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='login_secret',
            field=models.BinaryField(default=b'', editable=False),
        ),
        migrations.RunPython(end_sign_ins, migrations.RunPython.noop),
    ]
