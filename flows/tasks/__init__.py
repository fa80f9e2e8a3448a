"""The work of the flows as plain functions: clean in processes, publish what is owed, drain the inbox."""
