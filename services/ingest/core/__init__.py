"""Pure decisions: bytes and a catalogue in; contract messages, or a list of all problems, out."""
