"""A person chooses the time zone of the pages."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0003_ended_sign_ins'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, default='', editable=False, max_length=64, verbose_name='time zone'),
        ),
    ]
