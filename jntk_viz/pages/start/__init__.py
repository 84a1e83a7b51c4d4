"""The landing page: a picture and a link for each page, a tour, where to go next."""
