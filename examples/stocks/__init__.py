# SPDX-License-Identifier: MIT
"""Near-real-time monitor of a portfolio of stocks."""
