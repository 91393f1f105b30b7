"""What every room stands on: database, transactions, jobs, Redis, time, secrets. Knows no room and no page."""
