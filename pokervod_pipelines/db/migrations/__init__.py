"""Keep the steps of the schema; ``migrate`` applies them."""
