"""`picasso doctor`: tests an installation, also through its proxy, and says what to change.

A check is a function that gets the `Installation` and yields findings; `examine` has the list of all. What a check
creates, it deletes.
"""
