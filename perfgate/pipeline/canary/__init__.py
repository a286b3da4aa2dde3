"""Use case `perfgate canary`: files of two arms and the state of earlier looks in, a decision out."""
