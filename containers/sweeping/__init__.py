"""From plain settings and the values of a trial to an ordinary training in a worker process."""
