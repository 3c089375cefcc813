"""Requirements on clients, judged from a journal of what they sent."""
