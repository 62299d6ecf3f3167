"""`python -m victor_monitoring` runs the command line."""

from victor_monitoring.cli import main

main()
