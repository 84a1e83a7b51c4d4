"""What serves the pages: start, security, pages made beforehand, memory."""
