"""Note sign-ins, sign-outs and failed attempts."""


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_channel'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='time')),
                ('outcome', models.CharField(choices=[('signed_in', 'Signed in'), ('failed', 'Failed'), ('throttled', 'Throttled'), ('signed_out', 'Signed out'), ('shown', 'App password shown')], max_length=16, verbose_name='outcome')),
                ('channel', models.CharField(max_length=16, verbose_name='channel')),
                ('address', models.CharField(blank=True, max_length=64, verbose_name='address')),
                ('user_id', models.CharField(blank=True, max_length=64, verbose_name='user ID')),
                ('username', models.CharField(blank=True, help_text='The user name as it was typed in.', max_length=255, verbose_name='user')),
                ('credential', models.CharField(blank=True, max_length=16, verbose_name='credential')),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'indexes': [models.Index(fields=['at', 'id'], name='sign_in_at_idx'), models.Index(fields=['user_id', 'id'], name='sign_in_user_idx'), models.Index(fields=['outcome', 'id'], name='sign_in_outcome_idx'), models.Index(fields=['address', 'id'], name='sign_in_address_idx')],
            },
        ),
    ]
