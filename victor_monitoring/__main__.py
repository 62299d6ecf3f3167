"""The command line as `python -m victor_monitoring`."""

from victor_monitoring.cli import main

main()
