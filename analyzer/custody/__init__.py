"""Proof that evidence is what it was: seals, signatures, time-stamps, and who did what when.

Nothing here knows what a capture holds; `analyzer.bundle.seals` seals one with what is here.
"""
