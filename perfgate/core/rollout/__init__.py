"""Records of what is judged after the merge, at and behind a rollout."""
