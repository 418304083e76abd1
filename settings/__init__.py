"""What is wanted: pydantic models of every setting. Imports no torch, and nothing of app or containers."""

if __name__ == "settings":
    raise ImportError(
        "write nested_lightning.settings instead of settings; where it isn't found, install again with"
        " pip install -c constraints.txt -e ."
    )
