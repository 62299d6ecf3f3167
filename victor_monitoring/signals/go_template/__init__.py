"""Go templates: the language in which Prometheus expands labels and annotations of alerts."""
