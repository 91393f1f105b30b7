"""What every page shares: who is asking, transactions, errors, htmx replies, live polls, headers. Knows no room."""
