"""When a heartbeat is expected, what its pings mean, and when it has been missed."""
