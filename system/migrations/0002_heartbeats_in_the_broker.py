"""Heartbeats are keys in the broker: a row would be written for ever."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("system", "0001_initial")]

    operations = [migrations.DeleteModel(name="Heartbeat")]
