"""Skills that read the web pages that the operator listed, and tell people."""
