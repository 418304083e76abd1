"""The seam: all code that uses private parts of torch and Lightning, which may change with any release.

Each part is used only with the versions that it was tested with; with any other, Lightning and torch do the
same in their own way, at their own speed.
"""
