"""Published messages, one module per publisher. The only thing services share besides the kernel."""
