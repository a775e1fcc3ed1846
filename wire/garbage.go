//go:build !poison

package wire

// garbage is what stands in what is given back: nothing.
const garbage = ""
