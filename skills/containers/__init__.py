"""Skills for docker containers: which are ill, which died, whose logs fill the disk."""
