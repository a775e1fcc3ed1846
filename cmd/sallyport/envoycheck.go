package main

// EnvoyCheckCmd is written next.
type EnvoyCheckCmd struct{}

// Run does nothing yet.
func (EnvoyCheckCmd) Run() error { return nil }
