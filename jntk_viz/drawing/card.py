"""Look of the small pictures of the landing page: no axes, no tools, no legend."""

BARE = {
    "xaxis": None, "yaxis": None, "toolbar": None, "show_grid": False, "show_legend": False,
    "backend_opts": {"plot.outline_line_color": None},
}  # fmt: skip
