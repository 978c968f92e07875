"""The scanner, stage by stage."""
