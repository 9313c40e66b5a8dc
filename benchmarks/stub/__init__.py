"""AWS as stubs in memory, for benchmarks that measure what talks to it."""
