"""Two large samples, such as the requests of two versions of a service: values, or counts by cell or bucket."""
