"""`python -m picasso.process.confinement`: prints as JSON which layers work on this machine."""

import json

from picasso.process import confinement

print(json.dumps(confinement.enter().report()))
