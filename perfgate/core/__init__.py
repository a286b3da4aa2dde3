"""The records, units and errors that every wing shares. Standard library only."""
