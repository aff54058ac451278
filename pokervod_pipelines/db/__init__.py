"""Block G: the PostgreSQL server, the engine, the tables and their migrations.

What is stored is declared here; the queries are in each room's ``store``.
"""
