"""The service: ``python main.py 8000`` listens at this port."""

import sys

import uvicorn

if __name__ == "__main__":
    uvicorn.run("app.main:app", port=int(sys.argv[1]))
