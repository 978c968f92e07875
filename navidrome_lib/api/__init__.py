"""The REST kit: what every endpoint shares. It imports no app."""
