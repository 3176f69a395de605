"""Files that the service fetches from URLs: `create` accepts them, the `pool` of a worker fetches them."""
