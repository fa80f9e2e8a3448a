"""The cleaners, one file per kind. Each looks at a whole story and yields marks; none changes anything.

A cleaner is a module here with one function under ``@cleaner``; its name in ``config/pipeline.yaml`` switches it on
and sets it. To add one, add ``cleaners/kinds/<name>.py``, its test, and a line in ``pipeline.yaml``.
"""
