"""The worker class of the web server: an event loop holds all connections, threads run complete requests."""
