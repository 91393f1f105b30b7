"""Getting tickets in: what a source is, how its rows become tickets, how long to wait after a failure."""
