"""How the service is: what it needs, what is wrong with it, what its workers do, and figures over time."""
