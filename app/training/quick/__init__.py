"""Lightning's own bookkeeping of a step, made cheaper."""
