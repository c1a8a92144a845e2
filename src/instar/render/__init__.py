"""Values and events become text: for people, for programs."""
