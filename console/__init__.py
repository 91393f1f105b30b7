"""One operations console: alerts, queues, tickets, backups, limits and health on one audit trail."""

__version__ = "0.1.0"
