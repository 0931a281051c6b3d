"""The page on which recordings are dropped: of the service, and alone in a browser."""
