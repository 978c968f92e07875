"""Look at the server's storage for a person: may this be a library, and what would it hold?"""
