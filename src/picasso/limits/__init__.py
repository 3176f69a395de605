"""Rate limits: who may send how many requests, counted over all web processes."""
