"""The pictures and controls of the page: each is built once, shows what its traits say, and computes nothing."""
