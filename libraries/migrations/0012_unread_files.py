"""Count the files of kinds of audio that are not read, by folder and for each library."""


import django.db.models.deletion
import navidrome_lib.db.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0010_wording'),
    ]

    operations = [
        migrations.AddField(
            model_name='library',
            name='unread_files',
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.CreateModel(
            name='UnreadFolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path_bytes', models.BinaryField()),
                ('path_key', navidrome_lib.db.fields.KeyField(editable=False, max_length=32)),
                ('files', models.JSONField()),
                ('library', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='unread_folders', to='libraries.library')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('library', 'path_key'), name='unread_folder_path_unique')],
            },
        ),
    ]
