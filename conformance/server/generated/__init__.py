"""Generated requests: whatever is sent, the answer is a documented one."""
