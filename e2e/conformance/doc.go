// Package conformance runs the public conformance suite that versitygw's program
// carries against a store twice, directly and through Sallyport, and compares what
// it says. Whatever passes directly passes through Sallyport, or differences.txt
// says why it does not.
package conformance
