"""HTTP comes in from sensors' gateways and reporters; readings, reports and the log's clock go out."""
