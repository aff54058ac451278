"""``python -m pokervod_pipelines.cli`` is the ``pokervod`` command."""

from pokervod_pipelines.cli import main

main()
