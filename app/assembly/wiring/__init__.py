"""Composites put together by ordinary functions, whose parameters say which parts may be injected."""
