"""The program, which gets signals as soon as it has written a file; code for the fixture ``forked_code``."""

SIGNALLED = """
import os, runpy, signal, sys, threading, time
from pathlib import Path

numbers, file = sys.argv[1].split(","), Path(sys.argv[2])

def written_at():
    return file.stat().st_mtime_ns if file.exists() else 0

def send():
    while written_at() == before:
        time.sleep(0.005)
    for number in numbers:
        os.kill(os.getpid(), int(number))

before = written_at()
signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background ignores both
signal.signal(signal.SIGHUP, signal.SIG_DFL)
threading.Thread(target=send, daemon=True).start()
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Its arguments: the signals, with commas between them, the file, and a command line."""
