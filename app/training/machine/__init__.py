"""What a training asks of the machine: threads, determinism, compilation, memory."""
