"""Label fields and choices in plain words; no column changes."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apikey',
            name='hint',
            field=models.CharField(editable=False, help_text='The first characters of the key.', max_length=16, verbose_name='hint'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='restricted',
            field=models.BooleanField(default=False, help_text='Works only for the selected libraries.', verbose_name='only some libraries'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='scope',
            field=models.CharField(choices=[('read', 'Read'), ('scan', 'Scan'), ('manage', 'Manage')], default='read', max_length=8, verbose_name='scope'),
        ),
        migrations.AlterField(
            model_name='user',
            name='is_active',
            field=models.BooleanField(default=True, help_text='Clear this to disable the account without deleting it.', verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='user',
            name='is_staff',
            field=models.BooleanField(default=False, help_text='Admins always can.', verbose_name='can open the admin site'),
        ),
        migrations.AlterField(
            model_name='user',
            name='is_superuser',
            field=models.BooleanField(default=False, help_text='Can access every library, and manages libraries, users and purges.', verbose_name='admin'),
        ),
        migrations.AlterField(
            model_name='user',
            name='may_scan',
            field=models.BooleanField(default=False, help_text='Can start scans of the libraries that the user can access.', verbose_name='can scan'),
        ),
        migrations.AlterField(
            model_name='user',
            name='name',
            field=models.CharField(blank=True, help_text='The display name.', max_length=255, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='user',
            name='username',
            field=models.CharField(max_length=150, unique=True, validators=[django.core.validators.RegexValidator('\\A[^\\x00-\\x1f\\x7f]+\\Z', 'A user name must not contain control characters.')], verbose_name='user name'),
        ),
    ]
