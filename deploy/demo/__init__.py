"""The main job played through the real stack: scenario, people, recount, verdict."""
