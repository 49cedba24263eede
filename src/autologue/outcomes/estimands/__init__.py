"""Time-to-event estimands: a patient's dated record and a definition give a time, a status and the reason in words."""
