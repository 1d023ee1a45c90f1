"""Reference data of the local stack: real divisions and gauges, generated grids and sensors."""
