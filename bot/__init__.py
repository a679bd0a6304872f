"""The employee at the desk: composes, listens, speaks."""
