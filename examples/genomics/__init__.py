# SPDX-License-Identifier: MIT
"""Genomics: sequences from an API to a model, and predictions by a server that stays up."""
