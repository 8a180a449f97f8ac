"""How often the comparison is right: studies made up with and without a difference."""
