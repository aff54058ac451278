"""Validate the data of each week against what ought to be there, and close the weeks that are over."""
