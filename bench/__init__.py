"""How fast, measured against floors of the same run."""
