"""Policy -> dashboard: its panels, what they ask Prometheus and which limits they draw; then Grafana's JSON."""
