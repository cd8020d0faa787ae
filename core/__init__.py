"""The ground floor: what every other package stands on, and which stands on none of them."""
