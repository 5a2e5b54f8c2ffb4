# SPDX-License-Identifier: MIT
"""A server that stands for the third parties of the five systems: their true wire formats, and their bad days."""
