"""Reports: one static page, or Markdown, for one or several runs."""
