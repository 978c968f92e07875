"""Map the tags of one file to the columns of its track. No Django."""
