package oidc

// ReadDiscovery is what a provider's configuration is read with.
var ReadDiscovery = readDiscovery
