"""What people say and what should come of it, and how well the router does on it."""
