"""``picasso bench``: how fast a service is where it runs, and what its disk and its database allow."""
