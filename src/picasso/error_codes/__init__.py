"""Every error code of the API, with its cause and its remedy. The documentation is generated from these tables.

A test checks that they are complete: each `PicassoError`, each code in the source of a processor, each of a job.
"""

from picasso.error_codes.code import JobCode, RequestCode
from picasso.error_codes.jobs import JOB_CODES
from picasso.error_codes.outbound import OUTBOUND_CODES
from picasso.error_codes.requests import REQUEST_CODES as OWN_CODES

REQUEST_CODES = OWN_CODES + OUTBOUND_CODES

__all__ = ["JOB_CODES", "REQUEST_CODES", "JobCode", "RequestCode"]
