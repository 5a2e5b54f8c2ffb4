# SPDX-License-Identifier: MIT
"""python -m sources --port N --folder DIR: all third parties behind one port."""

import argparse
import importlib
import logging

import uvicorn
from fastapi import FastAPI, Request

from .clock import clock
from .faults import Faults

PARTIES = ("crypto", "genomics", "lake", "stocks")


def application(folder):
    app = FastAPI(title="third parties")
    for party in PARTIES:
        app.include_router(importlib.import_module(f"sources.{party}").router(folder))

    @app.get("/healthz")
    async def healthz():
        return {"now": clock.now()}

    @app.put("/_clock")
    async def set_clock(request: Request):
        clock.set(**await request.json())
        return {"now": clock.now()}

    @app.put("/_faults")
    async def set_faults(request: Request):
        faulty.set(**await request.json())
        return {"rate": faulty.rate}

    @app.get("/_faults")
    async def count_faults():
        return faulty.counts

    faulty = Faults(app)
    return faulty


def main():
    about = argparse.ArgumentParser(prog="python -m sources", description=__doc__)
    about.add_argument("--port", type=int, required=True)
    about.add_argument("--folder", required=True, help="where files that change while it runs are kept")
    options = about.parse_args()
    # A cut answer is meant: uvicorn would print a traceback for each.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    uvicorn.run(application(options.folder), host="127.0.0.1", port=options.port, log_config=None)


main()
