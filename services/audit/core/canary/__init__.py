"""The canary as a state machine: stages of a round trip, and the acts of the robot officer."""
