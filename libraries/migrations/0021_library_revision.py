"""Count the changes of what lists of a library show."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0020_lost_artists'),
    ]

    operations = [
        migrations.AddField(
            model_name='library',
            name='revision',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
