"""What a silence asks of an alert, when it holds, and what of it cannot be."""
