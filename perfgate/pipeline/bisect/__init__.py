"""Use case `perfgate bisect`: the commit that made a value worse."""
