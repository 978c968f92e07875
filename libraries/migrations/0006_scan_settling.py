
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0005_scan_approval'),
    ]

    operations = [
        migrations.AddField(
            model_name='scan',
            name='settling',
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
    ]
