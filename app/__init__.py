"""What Nested Lightning does: models, data, training and prediction.

Nothing here knows settings or containers: every class takes its collaborators and plain values by
keyword. Importing this package imports no torch; its modules do where they need it.
"""
