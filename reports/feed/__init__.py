"""The report of a recommender audit: its words, one view of it, and all forms that tell it."""
