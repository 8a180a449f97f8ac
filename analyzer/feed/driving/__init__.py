"""Drives a feed on a phone as the protocol of a study says: scrolls, dwells, rewatches, pauses.

It decides from the live capture what is on the screen, and moves the feed over `adb`. It never
taps, likes, comments, follows or types.
"""
