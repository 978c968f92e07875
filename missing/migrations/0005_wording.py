"""Label fields and choices in plain words; no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('missing', '0004_lived_time'),
    ]

    operations = [
        migrations.AlterField(
            model_name='purge',
            name='reason',
            field=models.CharField(choices=[('request', 'Manual'), ('retention', 'Retention')], default='request', max_length=16, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='purge',
            name='restored_count',
            field=models.PositiveIntegerField(default=0, verbose_name='restored'),
        ),
    ]
