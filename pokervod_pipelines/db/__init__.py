"""Run or find the PostgreSQL server, connect to it, and keep its schema up to date; queries are in the rooms."""
