"""Test the schema that programs of the old library use."""
