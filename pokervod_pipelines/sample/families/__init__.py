"""The families of names in the archive, one module a family; each lists its files by one public function.

A family imitates the shape of real names with invented content. No real name may stand here.
"""
