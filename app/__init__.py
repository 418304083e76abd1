"""What Nested Lightning does: models, data, training and prediction.

Nothing here knows settings or containers: every class takes its collaborators and plain values by
keyword. Importing this package imports no torch; its modules do where they need it.
"""

if __name__ == "app":
    raise ImportError(
        "write nested_lightning.app instead of app; where it isn't found, install again with"
        " pip install -c constraints.txt -e ."
    )
