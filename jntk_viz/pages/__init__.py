"""The pages, each a folder with all that belongs to it; `frame.registry` finds them."""
