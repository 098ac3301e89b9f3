"""What every stage shares: checked parameters, where each file lies, progress, parallel work."""
