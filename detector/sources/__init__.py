"""Where bytes come from: files, folders, archives and standard input, as clean blocks of whole lines."""
