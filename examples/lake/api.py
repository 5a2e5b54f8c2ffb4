# SPDX-License-Identifier: MIT
"""python -m lake.api --store URL --port N: the refined zone, read-only, by the SQL files of this folder."""

import argparse
from datetime import date
from pathlib import Path
from typing import Optional

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from ports.sql import Lake
from ports.store import open_store

HERE = Path(__file__).resolve().parent
REFINED = {name: f"refined/{name}/*.parquet" for name in ("daily", "recommendations", "model_metrics", "description")}


def ask(store, name, *parameters):
    """The rows of sql/NAME.sql over the refined zone as it is now."""
    lake = Lake(store, REFINED)
    try:
        return lake.query((HERE / "sql" / f"{name}.sql").read_text(), *parameters)
    finally:
        lake.close()


def known_fields(request: Request):
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    unknown = set(request.query_params) - known
    if unknown:
        raise HTTPException(400, f"no field named {sorted(unknown)[0]}: expected {', '.join(sorted(known)) or 'none'}")


def application(store):
    app = FastAPI(title="Lake", version="1", dependencies=[Depends(known_fields)], openapi_url=None, docs_url=None,
                  redoc_url=None)

    @app.get("/v1/daily")
    def daily(from_: date = Query(alias="from"), to: date = Query(), product: Optional[int] = None):
        return ask(store, "daily", from_.isoformat(), to.isoformat(), product, product)

    @app.get("/v1/recommendations")
    def recommendations(product: Optional[int] = None):
        return ask(store, "recommendations", product, product)

    @app.get("/v1/metrics")
    def metrics():
        return ask(store, "metrics")

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    return app


def main():
    about = argparse.ArgumentParser(prog="python -m lake.api", description=__doc__)
    about.add_argument("--store", required=True, help="file:DIR or s3://BUCKET")
    about.add_argument("--port", type=int, required=True)
    options = about.parse_args()
    uvicorn.run(application(open_store(options.store)), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
