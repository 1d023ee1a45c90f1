"""Dead letters 死信 as operators and officers handle them: place, sender, state, selection."""
