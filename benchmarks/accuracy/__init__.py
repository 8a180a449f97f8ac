"""How often the program is right: a labelled set made from public examples, and its figures.

``python -m benchmarks.accuracy`` prints the tables, ``--calibrate`` fits the points of
`confidence.yaml`. The vectors are in `vectors/`, one file for each source, values invented.
"""
