"""The monitored service's half: a collector for any registry module, and what is made of its metrics."""
