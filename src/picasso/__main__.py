from picasso.cli import main

main()
