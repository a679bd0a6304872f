"""The Body: one skill is one file, found as data and run in the sandbox, never imported by the product."""
