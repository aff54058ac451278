"""``pokervod catalog``: projects, seasons, events, episodes and their files."""

import typer

app = typer.Typer(no_args_is_help=True, help="What the archive holds, as a viewer would say it.")


@app.callback()
def group() -> None:
    """What the archive holds, as a viewer would say it."""
