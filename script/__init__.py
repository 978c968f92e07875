"""The commands of the repository: thin shell scripts over one bootstrap of the standard library."""
