"""Pure numerics on arrays: one module per metric."""
