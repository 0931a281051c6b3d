"""Raw NTU RGB+D recordings: file names, readers, cleaning, preparation."""
