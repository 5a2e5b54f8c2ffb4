# SPDX-License-Identifier: MIT
"""Live prices to a stream, analysed as they come, to a lake of CSV files."""
