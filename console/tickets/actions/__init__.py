"""What changes tickets and what is promised for them: their sources, people, and time."""
