"""What every room uses: the error for bad input, outputs written whole, and parallel work."""
