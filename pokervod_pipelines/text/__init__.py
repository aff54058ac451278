"""Clean, compare, decode and read text: strings, files of an unknown encoding, delimited files; hide secrets."""
