# SPDX-License-Identifier: MIT
"""What the five systems share: steps, services, the five ports, checks. `examples/README.md` draws it."""
