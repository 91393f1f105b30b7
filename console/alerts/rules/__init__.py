"""What is true of alerts without a database: states, failures, grouping, the search language."""
