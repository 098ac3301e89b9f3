"""The chain on real recordings: two Debian packages in, cross-validated forests out."""
