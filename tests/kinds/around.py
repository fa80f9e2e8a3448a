"""The story's own lines that the tests of the kinds put around the line they are about."""

LEAD = (
    "The dredger came back to the estuary on Monday, nine years after it had left, the harbour office said."
)
NEXT = (
    "Nobody was on the quay to see it, because nobody had been told, and the office did not say why that was."
)
LAST = (
    "The next tide that is high enough comes in the autumn, according to the tables that hang in the office."
)
