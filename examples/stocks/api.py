# SPDX-License-Identifier: MIT
"""The service: python -m stocks.api --port N --table URL, over the table of prices."""

import argparse
from typing import List, Optional

import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Path, Query
from pydantic import BaseModel

from ports.table import open_table

from .analytics import WEIGHTS, portfolio


class Health(BaseModel):
    status: str
    symbols: int


class Quote(BaseModel):
    sym: str
    ts: int
    price: float
    volume: int
    alert: bool = False
    volatility: Optional[float] = None
    ewma: Optional[float] = None
    drawdown: Optional[float] = None
    zscore: Optional[float] = None


class Returned(BaseModel):
    ts: int
    value: Optional[float]


class Portfolio(BaseModel):
    ts: int
    weights: dict[str, float]
    returned: Optional[float]
    volatility: Optional[float]


def application(prices):
    app = FastAPI(title="stocks", version="1")
    missing = {404: {"description": "nothing is known of it"}}

    @app.get("/health")
    def health() -> Health:
        return Health(status="ok", symbols=len(prices.keys()))

    @app.get("/quotes/{sym}", responses=missing)
    def quote(sym: str = Path(min_length=1, max_length=12, examples=[*WEIGHTS])) -> Quote:
        found = prices.last(sym)
        if not found:
            raise HTTPException(404, f"no price of {sym}")
        return Quote(**found[0])

    @app.get("/returns")
    def returns(sym: str = Query(max_length=12, examples=[*WEIGHTS]),
                limit: int = Query(50, ge=1, le=1000)) -> List[Returned]:
        return [Returned(ts=item["ts"], value=item.get("return")) for item in prices.last(sym, limit)]

    @app.get("/portfolio", responses=missing)
    def whole() -> Portfolio:
        """Its last return, by the weights, and its volatility over the last half hour."""
        moments = {symbol: {item["ts"]: item["price"] for item in prices.last(symbol, 62)} for symbol in WEIGHTS}
        times = sorted(set.intersection(*(set(own) for own in moments.values())))
        if not times:
            raise HTTPException(404, "no minute in which every symbol has a price")
        closes = [[moments[symbol][at] for symbol in WEIGHTS] for at in times]
        found, sums, _ = portfolio(closes, np.array(times, float))
        value, volatility = (float(x) if np.isfinite(x) else None for x in (found[-1], sums[-1, 1]))
        return Portfolio(ts=times[-1], weights=WEIGHTS, returned=value, volatility=volatility)

    return app


def main():
    about = argparse.ArgumentParser(prog="python -m stocks.api", description=__doc__)
    about.add_argument("--port", type=int, default=8000)
    about.add_argument("--table", required=True, metavar="URL", help="such as sqlite:build/systems/stocks/results.db")
    options = about.parse_args()
    uvicorn.run(application(open_table(options.table, "prices")), host="127.0.0.1", port=options.port,
                log_level="warning")


if __name__ == "__main__":
    main()
