"""Checks a composite before it is trained: on the ``meta`` device, where nothing has values or memory."""
