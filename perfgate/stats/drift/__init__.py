"""How far two samples lie apart, and how much of it is chance, also where rows come in clusters."""
