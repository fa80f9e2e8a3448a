"""cleancopy's pure library: a story and its rules in, clean copy and a report out.

No Prefect, no network, no database, no clock: usable in a notebook, in Spark, Ray or Dask. Start at ``cleaners.pipeline``.
"""
