"""Numbers on which lowering, generated kernels and drivers agree; plain Python, so that numba takes them as constants."""

# lanes that stand side by side
WIDTH = 8
# what `aux` does
SETUP, RHS, OUTPUTS, GUARDS, RESET, GUARD_SPEEDS, NODES = range(7)
# how a patient's solve ended
OK, STEP_CAP, MIN_STEP, NOT_FINITE, BAD_START, NEGATIVE = range(6)
# events of a regimen
BOLUS, RATE, SET_INPUT, VISIT = range(4)
# what a guard does when it fires
END_PHASE, EXTINCTION, RULE, TAIL_START, TAIL_EXTINCT, TAIL_LEAVE = range(6)
# summaries
MAXIMUM, MINIMUM, AREA, LAST_ABOVE, FIRST_ABOVE, FIRST_BELOW = range(6)
# a time that never comes, and in place of a guard's phase: looked at only at visits
FAR = 1e300
AT_VISITS = 1_000_000
