"""Skills of this area, one file each."""
