package envoyconfig

import (
	"bytes"
	"fmt"
)

// Bounds of what is read. JSON is read in time that grows with its size, YAML
// is not, and nobody writes much of it by hand.
const (
	maxJSON  = 64 << 20
	maxYAML  = 1 << 20
	maxDepth = 100
	// maxVisits bounds what aliases of YAML can make of a small document.
	maxVisits = 2_000_000
)

// read makes nodes of a text, one for each document in it.
func read(r *report, source []byte) []*node {
	trimmed := bytes.TrimLeft(source, " \t\r\n")
	if len(trimmed) > 0 && trimmed[0] == '{' {
		if len(source) > maxJSON {
			r.add(position{1, 1}, Error, "FILE_TOO_LARGE", fmt.Sprintf("the file is larger than %d MiB", maxJSON>>20), "check the listeners, routes and clusters that are for the store")
			return nil
		}
		if document, ok := readJSON(r, source); ok {
			return []*node{document}
		}
		if len(r.findings) > 0 {
			return nil
		}
	}
	return readYAML(r, source)
}
