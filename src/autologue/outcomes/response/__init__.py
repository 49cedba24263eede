"""Response criteria: one published set of criteria a file, each a function of one visit's findings and what came before."""
