"""How envelopes rise and fall at an event: of notes, and of the gain reduction."""
