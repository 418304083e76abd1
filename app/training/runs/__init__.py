"""One training as a whole: its folder, its result, how it is interrupted and goes on."""
