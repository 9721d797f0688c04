"""HTTP: the API, health, metrics and a page, served beside the mail ports."""
