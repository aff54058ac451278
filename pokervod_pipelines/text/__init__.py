"""Read and compare text: what several rooms need of strings and of delimited files."""
