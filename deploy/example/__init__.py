"""Reference data of the one-machine stack: real divisions and gauges, generated grids and sensors.
"""
