"""Use case ``perfgate collect --engine``: large logs in parts, two passes, one profile."""
