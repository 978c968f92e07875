
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0002_folder_storage'),
    ]

    operations = [
        migrations.AddField(
            model_name='scanproblem',
            name='attempts',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='scanproblem',
            name='ctime_ns',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='scanproblem',
            name='inode',
            field=models.BigIntegerField(default=0),
        ),
    ]
