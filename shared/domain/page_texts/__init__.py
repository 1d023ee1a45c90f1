"""The texts of pages as each channel sends them, in Chinese and English: sent and previewed."""
