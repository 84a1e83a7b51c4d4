"""Figures: HoloViews elements kept alive in Bokeh, colours, themes, tables, HTML."""
