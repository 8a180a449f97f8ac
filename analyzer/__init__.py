"""Evidence of whether an app treats a child the same wherever the child lives."""

__version__ = "0.1.0"
