"""The recommender audit: what a feed shows to an account, how soon, and compared with whom."""
