"""Many submissions: where they are."""
