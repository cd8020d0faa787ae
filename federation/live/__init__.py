"""Questions put to the members' own nodes at the moment they are asked, and their answers made one."""
