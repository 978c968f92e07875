"""What can be done with what people add to the catalog. Each function changes all or nothing, and knows no HTTP."""
