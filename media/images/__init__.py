"""Pictures, decoded and drawn in processes of their own: only `worker` and what it imports know Pillow."""
