"""What is true of telling people without a database: routes, pace, words, signatures."""
