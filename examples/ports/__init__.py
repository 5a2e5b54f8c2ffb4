# SPDX-License-Identifier: MIT
"""Ports: what a system keeps and says goes through these, and a URL chooses the driver. `examples/README.md` has the table."""
