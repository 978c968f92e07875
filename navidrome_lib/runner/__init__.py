"""The one-command server: broker, web, worker and beat as child processes, started and stopped in order."""
