# SPDX-License-Identifier: MIT
"""CoinGecko's /api/v3/simple/price, over a tape of made-up prices with planted jumps."""

import math
import random

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .clock import START, clock

PERIOD = 90  # seconds between two prices, what the provider's free tier gives
GAP = 5  # seconds between two calls; who comes earlier gets 429
COINS = {"bitcoin": (62_000.0, 2e-4), "ethereum": (2_400.0, 6e-4), "solana": (145.0, 2.4e-3)}  # price, usual move
LENGTH = 640  # 16 hours
JUMPS = {("bitcoin", 150): 30, ("bitcoin", 420): -25, ("ethereum", 333): -25, ("ethereum", 590): 28,
         ("solana", 505): 25}  # in usual moves


def tape(coin):
    """Prices whose calm and wild hours follow each other (GARCH), and which jump where it is planted."""
    chance, (price, usual) = random.Random(f"{coin} 2025"), COINS[coin]
    level, variance, prices = math.log(price), usual ** 2, []
    for step in range(LENGTH):
        move = math.sqrt(variance) * chance.gauss(0, 1)
        variance = 0.02 * usual ** 2 + 0.10 * move ** 2 + 0.88 * variance
        level += move + usual * JUMPS.get((coin, step), 0)
        prices.append(round(math.exp(level), 6))
    return prices


def router(folder):
    made, tapes, last = APIRouter(), {coin: tape(coin) for coin in COINS}, {"call": -math.inf}

    @made.get("/api/v3/simple/price")
    async def simple_price(ids: str, vs_currencies: str, include_last_updated_at: bool = False):
        if vs_currencies != "usd":
            return JSONResponse({"error": f"invalid vs_currency {vs_currencies}"}, 400)
        left = last["call"] + GAP - clock.now()
        if left > 0:
            return JSONResponse({"status": {"error_code": 429}}, 429, {"Retry-After": str(math.ceil(left))})
        last["call"] = clock.now()
        step = min(int((clock.now() - START) // PERIOD), LENGTH - 1)
        moment = {"last_updated_at": int(START + step * PERIOD)} if include_last_updated_at else {}
        return {coin: {"usd": tapes[coin][step], **moment} for coin in ids.split(",") if coin in tapes}

    return made
