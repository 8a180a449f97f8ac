"""The commands of the recommender audit, one file each; `group.py` lists them."""
