"""Stock: buckets, movements, stock on hand."""
