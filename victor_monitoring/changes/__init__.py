"""What differs between two resolved specs: the only place that compares them."""
