"""Documents of limits: checked, shown as they hold for a unit, published."""
