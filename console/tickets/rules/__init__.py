"""What is true of tickets without a database: business hours, the three clocks, policies, why a deadline is one."""
