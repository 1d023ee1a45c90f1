"""HTTP requests of gateways and reporters come in; readings, reports, warnings and ticks go out."""
