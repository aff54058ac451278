"""Say for every room how it meets what fails outside: how often it retries, how long it waits, when it stops asking.

``blocks`` has this for each block as data; ``backoff`` finds a wait; ``breakers`` stops calls to a service that does
not answer, for all processes at once. Below the rooms and below the event log, so that both may use it.
"""
