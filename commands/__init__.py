"""One file for each command of the command line. No torch at import."""

if __name__ == "commands":
    raise ImportError(
        "write nested_lightning.commands instead of commands; where it isn't found, install again with"
        " pip install -c constraints.txt -e ."
    )
