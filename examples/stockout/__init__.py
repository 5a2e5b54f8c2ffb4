# SPDX-License-Identifier: MIT
"""Stock-out prevention: fridges and a shop's database to raw, curated, a warehouse, two models, alerts before empty."""
