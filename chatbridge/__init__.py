"""A bridge between Jira Service Management and chat platforms, as a library."""
