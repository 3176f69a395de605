"""The parts of the OpenAPI document that drf-spectacular does not know from the views. `document` joins them."""
