"""The paper's tables beside ours, and the pictures."""
