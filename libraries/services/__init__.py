"""Change libraries and request scans: each function checks its rules and changes all or nothing."""
