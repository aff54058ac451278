"""Run the ``pokervod`` command by ``python -m pokervod_pipelines.cli``."""

from pokervod_pipelines.cli import main

main()
