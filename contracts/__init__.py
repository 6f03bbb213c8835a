"""Events and read models that services publish for each other, one module per publisher. No module reads or writes."""
