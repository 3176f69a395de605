"""``python -m picasso_client`` is the command `picasso-client`."""

from picasso_client.cli import main

if __name__ == "__main__":
    main()
