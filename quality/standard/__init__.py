"""Tools for whoever writes data standards and fills them: skeleton, lint, template, what a change breaks."""
