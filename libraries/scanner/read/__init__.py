"""Read the tags of changed files, batch by batch, in processes beside the scan."""
