"""Document -> GitHub-flavoured markdown that no name can break."""
