"""Test what ``pokervod_pipelines.text`` makes of bytes."""
