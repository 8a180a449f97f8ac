"""What the program costs, beside what a user would pick instead, in one run. Never a timed test."""
