"""Pages of a board: rows, plots, gallery, history, feed, exports."""
