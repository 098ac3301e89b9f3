"""Training: data in batches, networks, schedules that survive being killed."""
