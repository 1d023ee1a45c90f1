"""Pure acceptance: bytes and a catalogue in, contract messages or a list of everything wrong out."""
