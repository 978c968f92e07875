"""The admin kit: the site, its theme, base forms, and the formatting of numbers, sizes and times."""
