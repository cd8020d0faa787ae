"""The composition root: command line, web application, migrations, the simulated province."""
