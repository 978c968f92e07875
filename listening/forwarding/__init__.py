"""Sending plays on to other services, and the accounts of people there."""
