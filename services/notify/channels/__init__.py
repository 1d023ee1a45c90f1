"""Ways to a person: one small file each behind one port; `registry` says which are switched on."""
