"""`python -m picasso.process.confinement`: as JSON, which layers are to be had here."""

import json

from picasso.process import confinement

print(json.dumps(confinement.enter().report()))
