// Package envoyconfig writes the configuration of an Envoy that asks Sallyport,
// and judges one that is there already: what in it would break signatures, hold
// objects in memory, or let requests pass undecided.
//
// It knows Envoy's messages by name, as text: field names and types are compared
// with Envoy's own definitions by tests, so that the product need not carry them.
package envoyconfig
