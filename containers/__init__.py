"""How it is put together: the only place that knows both settings and app."""

if __name__ == "containers":
    raise ImportError(
        "write nested_lightning.containers instead of containers; where it isn't found, install again with"
        " pip install -c constraints.txt -e ."
    )
