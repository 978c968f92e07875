"""The one-command server: a broker, the web, the worker and the beat as child processes, started and stopped in order."""
