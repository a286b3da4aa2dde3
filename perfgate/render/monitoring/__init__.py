"""Budgets as what Prometheus and its tools read: expressions, rules, and the tests of the rules."""
