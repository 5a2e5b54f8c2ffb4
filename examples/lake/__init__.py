# SPDX-License-Identifier: MIT
"""Batch data lake: files, an API and a database to raw, Spark to trusted, the library's models to refined."""
