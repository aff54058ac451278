"""Clean, compare and read text: strings and delimited files."""
