"""Smart playlists: rules as JSON, as Navidrome's files have them, checked and carried out by the database.

    rules --parsing--> Criteria --conditions--> Q --evaluate--> the ids of the tracks

Rules are about what the owner of the playlist can access, has played and marked.
"""
