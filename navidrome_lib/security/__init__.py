"""Headers, proxies, redaction of secrets, error reports and limits of requests."""
