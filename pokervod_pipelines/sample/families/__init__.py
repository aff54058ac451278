"""List the files of the archive, one module a family of names; each has one public function.

A family imitates the shape of real names with invented content. Real names are not allowed here.
"""
