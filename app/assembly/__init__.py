"""How a composite is put together from injected factories: names, seeds, widths."""
