"""The one-command server: broker, worker and web as child processes, started and stopped in order."""
