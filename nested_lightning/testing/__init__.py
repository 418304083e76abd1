"""For tests of programs that use Nested Lightning: doubles, and a plug-in for pytest."""
