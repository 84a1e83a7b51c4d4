"""The paper's experiments as studies that run by one command, and what they say of its claims."""
