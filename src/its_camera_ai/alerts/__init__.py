"""Incidents on their way to a person: rules, escalation, delivery. Empty yet."""
