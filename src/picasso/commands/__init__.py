"""The commands of `picasso` that run on the machine of the service."""
