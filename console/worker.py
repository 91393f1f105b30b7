"""The RQ workers and the table of schedules."""
