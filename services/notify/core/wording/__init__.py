"""The texts of pages, in Chinese and English."""
