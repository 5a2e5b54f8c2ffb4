# SPDX-License-Identifier: MIT
"""CoinGecko's /api/v3/simple/price, over a tape of made-up prices with planted spikes."""

import math
import random

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .clock import START, clock

PERIOD = 90  # seconds between two prices: what the free tier of the provider gives
COINS = {"bitcoin": 62_000.0, "ethereum": 2_400.0, "solana": 145.0}
LENGTH = 960  # a day
SPIKES = {("bitcoin", 400): 0.06, ("ethereum", 610): -0.08, ("solana", 777): 0.09}  # log returns, one step each


def tape(coin):
    """Log prices: a slow mean-reverting part that makes returns a little predictable, noise, and the planted spikes."""
    chance = random.Random(f"{coin} 2025")
    level, drift, prices = math.log(COINS[coin]), 0.0, []
    for step in range(LENGTH):
        drift = 0.7 * drift + chance.gauss(0, 0.0006)
        level += drift + chance.gauss(0, 0.0008) + SPIKES.get((coin, step), 0.0)
        prices.append(round(math.exp(level), 6))
    return prices


def router(folder):
    made, tapes = APIRouter(), {coin: tape(coin) for coin in COINS}

    @made.get("/api/v3/simple/price")
    async def simple_price(ids: str, vs_currencies: str, include_last_updated_at: bool = False):
        unknown = [name for name in vs_currencies.split(",") if name != "usd"]
        if unknown:
            return JSONResponse({"error": f"invalid vs_currency {unknown[0]}"}, 400)
        step = min(int((clock.now() - START) // PERIOD), LENGTH - 1)
        moment = {"last_updated_at": int(START + step * PERIOD)} if include_last_updated_at else {}
        return {coin: {"usd": tapes[coin][step], **moment} for coin in ids.split(",") if coin in tapes}

    return made
