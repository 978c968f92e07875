"""Let a library say how text in tags is read that does not tell its encoding."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('libraries', '0012_unread_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='library',
            name='text_encoding',
            field=models.CharField(choices=[('auto', 'Detect Chinese, Japanese, Korean and Cyrillic text'), ('off', 'Do not detect: read it as Latin-1'), ('gbk', 'Simplified Chinese (GBK)'), ('big5', 'Traditional Chinese (Big5)'), ('shift_jis', 'Japanese (Shift JIS)'), ('euc-jp', 'Japanese (EUC-JP)'), ('euc-kr', 'Korean (EUC-KR)'), ('windows-1251', 'Cyrillic (Windows-1251)'), ('koi8-r', 'Cyrillic (KOI8-R)'), ('ibm866', 'Cyrillic (IBM 866)'), ('windows-1250', 'Central European (Windows-1250)'), ('iso-8859-2', 'Central European (ISO 8859-2)'), ('windows-1257', 'Baltic (Windows-1257)'), ('windows-1253', 'Greek (Windows-1253)'), ('windows-1254', 'Turkish (Windows-1254)'), ('windows-1255', 'Hebrew (Windows-1255)'), ('windows-1256', 'Arabic (Windows-1256)'), ('windows-874', 'Thai (Windows-874)'), ('windows-1258', 'Vietnamese (Windows-1258)'), ('windows-1252', 'Western European (Windows-1252)'), ('iso-8859-1', 'Western European (ISO 8859-1)'), ('utf-8', 'Unicode (UTF-8)')], default='auto', help_text='How to read text in tags that does not say its encoding. A change queues a full rescan, which reads the tags again.', max_length=20, verbose_name='text encoding of tags'),
        ),
    ]
