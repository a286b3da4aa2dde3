"""What the baselines alone say about the gate: false alarms to expect, and what each row can detect."""
