"""What goes on after the merge: how a rollout is judged, and what was found."""
