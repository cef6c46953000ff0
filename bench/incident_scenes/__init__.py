"""Simulated roads as the incident rules see them: quiet hours, and scripted incidents."""
