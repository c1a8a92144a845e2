"""One file per command; the file name is the command. Each offers `command`, a click command."""
