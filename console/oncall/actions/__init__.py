"""What changes here: the setup by people, what is told by the scheduler, what was sent by jobs."""
