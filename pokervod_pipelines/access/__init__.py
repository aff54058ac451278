"""Decide who may log in and what they may do: users, API keys, sessions, throttling.

A request shows ``Credentials``; the ``Authenticator`` turns them into a ``Principal``, whose role ``authorize`` holds
against the one that a route requires. Routes and pages belong to ``api``; no secret is kept that a reader of the
database could log in with.
"""
