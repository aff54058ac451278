"""Show the pages of the console: server-rendered, in the visual language of ``static/style.css``, in two languages.

A route of a page belongs here, and how it is shown; what it shows and does belongs to ``api`` and the rooms below it.
"""
