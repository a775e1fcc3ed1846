//go:build poison

package wire

// garbage is what stands in what is given back, so that it shows where that is
// still used.
const garbage = "poison"
