import django.db.models.deletion
import libraries.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='library',
            name='root_fsid',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='scanproblem',
            name='kind',
            field=models.CharField(choices=[('permission', 'No permission'), ('corrupt', 'Corrupt'), ('empty', 'Empty'), ('unsupported', 'Unsupported'), ('io', 'I/O error'), ('encoding', 'Encoding'), ('timeout', 'Timeout'), ('memory', 'Memory'), ('vanished', 'Vanished'), ('storage', 'Storage away')], max_length=16, verbose_name='kind'),
        ),
        migrations.CreateModel(
            name='MountPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.TextField()),
                ('path_bytes', models.BinaryField()),
                ('path_key', libraries.fields.KeyField(editable=False, max_length=32)),
                ('device', models.BigIntegerField()),
                ('inode', models.BigIntegerField()),
                ('fsid', models.BigIntegerField(default=0)),
                ('linked', models.BooleanField(default=False)),
                ('seen_at', models.DateTimeField()),
                ('library', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mount_points', to='libraries.library')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('library', 'path_key'), name='mount_point_path_unique')],
            },
        ),
    ]
