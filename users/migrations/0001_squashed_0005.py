"""Every table as all migrations before leave it, made in one step: what a new database takes instead of them."""

import django.core.validators
import django.db.models.deletion
import navidrome_lib.db.fields
import navidrome_lib.db.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('users', '0001_initial'),
        ('users', '0002_wording'),
        ('users', '0003_ended_sign_ins'),
        ('users', '0004_time_zone'),
        ('users', '0005_listen_scope'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('libraries', '0021_library_revision'),
    ]

    operations = [
        migrations.CreateModel(
            name='GroupAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='library_access', to='auth.group')),
                ('library', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_access', to='libraries.library', verbose_name='library')),
            ],
            options={
                'verbose_name_plural': 'group access',
                'constraints': [models.UniqueConstraint(fields=('group', 'library'), name='group_access_unique')],
                'verbose_name': 'group access',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Can access every library, and manages libraries, users and purges.', verbose_name='admin')),
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('username', models.CharField(max_length=150, unique=True, validators=[django.core.validators.RegexValidator('\\A[^\\x00-\\x1f\\x7f]+\\Z', 'A user name must not contain control characters.')], verbose_name='user name')),
                ('username_key', models.CharField(editable=False, max_length=300, unique=True)),
                ('name', models.CharField(blank=True, help_text='The display name.', max_length=255, verbose_name='name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email')),
                ('is_staff', models.BooleanField(default=False, help_text='Admins always can.', verbose_name='can open the admin site')),
                ('is_active', models.BooleanField(default=True, help_text='Clear this to disable the account without deleting it.', verbose_name='active')),
                ('may_scan', models.BooleanField(default=False, help_text='Can start scans of the libraries that the user can access.', verbose_name='can scan')),
                ('token_epoch', models.PositiveIntegerField(default=0, editable=False)),
                ('subsonic_secret', models.BinaryField(default=b'')),
                ('last_access_at', models.DateTimeField(editable=False, null=True, verbose_name='last access')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('login_secret', models.BinaryField(default=b'')),
                ('time_zone', models.CharField(blank=True, default='', editable=False, max_length=64, verbose_name='time zone')),
            ],
            options={
                'abstract': False,
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', navidrome_lib.db.fields.KeyField(default=navidrome_lib.db.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('hint', models.CharField(editable=False, help_text='The first characters of the key.', max_length=16, verbose_name='hint')),
                ('scope', models.CharField(choices=[('read', 'Read'), ('scan', 'Scan'), ('listen', 'Listen'), ('manage', 'Manage')], default='read', max_length=8, verbose_name='scope')),
                ('restricted', models.BooleanField(default=False, help_text='Works only for the selected libraries.', verbose_name='only some libraries')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('libraries', models.ManyToManyField(blank=True, related_name='api_keys', to='libraries.library')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
            },
        ),
        migrations.CreateModel(
            name='LibraryAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('library', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='user_access', to='libraries.library', verbose_name='library')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='library_access', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'library access',
                'verbose_name': 'library access',
                'constraints': [models.UniqueConstraint(fields=('user', 'library'), name='library_access_unique')],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='libraries',
            field=models.ManyToManyField(blank=True, related_name='users', through='users.LibraryAccess', to='libraries.library'),
        ),
    ]
