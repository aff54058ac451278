"""Read what poker tables recorded: session files and hand histories become stored, replayed, exported hands.

From file to hand: ``drop_folders`` finds files that are due, ``session_files`` reads one (``readers`` read ahead),
``parsed_sessions`` parses its bytes (``pgfx`` and ``session_json`` for the tables' format, ``phh_import`` for hand
histories), ``versions`` decides which version of a hand is stored, ``imports`` stores it and ``quarantine`` keeps the
files that cannot be read. SQL is in ``store``, ``listing`` and ``clip_link_store``.

``build`` makes a ``hand`` of a record: ``actions``, ``pots``, ``winners``, ``evaluation``, ``grade``, ``table_tests``.
``replay`` checks a hand by the rules of the game, ``stored_replay`` does so for stored ones. ``clip_links`` finds the
clip that shows a hand. What is questionable about a hand is a finding, not a failure.
"""
