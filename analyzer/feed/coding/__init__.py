"""Coding by people: blind sheets and a local page, agreement, adjudication, final codes.

All of it stays in the study's private folder `feed/coding`, mode 0600; only `feed/codes.parquet`
(keyed digests and categories) is for those who measure.
"""
