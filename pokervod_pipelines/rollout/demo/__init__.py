"""Live through the shipped plan in two minutes, on a sample archive and small services of the demo's own.

``site`` prepares a folder with plan, settings, documents and test reports, and runs the services; ``story`` calls the
commands of a rollout, and does what a person would do between them.
"""
