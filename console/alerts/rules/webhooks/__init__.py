"""What other alert systems send, read into failures and endings."""
