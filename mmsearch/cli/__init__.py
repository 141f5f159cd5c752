"""The command line. Results go to stdout, progress and diagnostics to stderr."""
