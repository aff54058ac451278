"""Find what needs a person now, each thing once, with the one command that helps; what healed is not listed."""
