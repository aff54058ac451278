"""Keep incidents: what is wrong, once for each cause, from the first sign until it is over, and what people decided."""
