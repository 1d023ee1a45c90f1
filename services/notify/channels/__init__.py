"""Channels to officers: one small file each behind one port; `registry` has those in use."""
