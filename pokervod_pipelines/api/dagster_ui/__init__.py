"""Stand in front of Dagster's UI, which knows no login: it is at ``/dagster`` for who may see it, and as they may."""
