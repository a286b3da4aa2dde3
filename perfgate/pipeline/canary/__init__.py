"""Use case `perfgate canary`: files of two arms and the state of earlier analyses in, a decision out."""
