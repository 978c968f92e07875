"""The objects of the protocol, a module for each, written field by field from the objects of the catalog.

Which row may be seen, and what is known of it, is decided by `libraries.catalog_api` and by what apps add to it; here
are only the names that the protocol has for it. Ids that the viewer cannot see, and what is missing, are left out.
"""
