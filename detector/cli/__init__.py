"""The command line: options in, exit code out. One small file per command."""
