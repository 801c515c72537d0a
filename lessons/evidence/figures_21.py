"""Figures of lesson 21 and of its evidence: data in, figure out."""
