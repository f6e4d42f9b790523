"""One folder per public dataset: its on-disk layout as samples (events and ground truth)."""
