"""The composites: Lightning modules that conduct injected submodules."""
