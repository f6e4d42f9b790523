"""Draw, show and save results."""
