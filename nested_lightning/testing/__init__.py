"""Ready test doubles: a submodule that gives what it is told, few samples, a short trainer."""
