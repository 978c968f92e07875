"""The audit trail: which account changed what, when, and by which channel."""
