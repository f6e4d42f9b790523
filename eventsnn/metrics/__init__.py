"""Each metric once, with its published variants behind protocol=."""
