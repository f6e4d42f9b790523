"""What every task's training shares."""
