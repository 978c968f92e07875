"""The index of words that each database has for `libraries.search`; Django's own operations know none of them."""

from django.db import migrations

SQLITE = """
CREATE VIRTUAL TABLE libraries_songwords_found USING fts5(
    words, content='libraries_songwords', content_rowid='id', columnsize=0,
    tokenize="unicode61 remove_diacritics 0 tokenchars '_'"
)
"""
POSTGRESQL = """
CREATE INDEX libraries_songwords_found
ON libraries_songwords USING gin (array_to_tsvector(string_to_array(words, ' ')))
"""


def create(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def drop(apps, schema_editor):
    kind = "TABLE" if schema_editor.connection.vendor == "sqlite" else "INDEX"
    schema_editor.execute(f"DROP {kind} libraries_songwords_found")


index_of_words = migrations.RunPython(create, drop)
