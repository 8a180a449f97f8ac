"""Whole studies of a feed, made up: how often what was declared lies within the intervals."""
