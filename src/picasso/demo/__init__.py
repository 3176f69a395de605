"""``picasso demo``: fills a service with files of all kinds, which are made on the spot."""
