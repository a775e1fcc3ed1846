package envoyconfig

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed fields.txt
var fieldsText string

// knownFields are the fields of the messages that are judged, from Envoy's own
// definitions: fields.txt has a message a line.
var knownFields = sync.OnceValue(func() map[string][]string {
	known := map[string][]string{}
	for line := range strings.Lines(fieldsText) {
		name, fields, _ := strings.Cut(strings.TrimSpace(line), ": ")
		known[name] = strings.Fields(fields)
	}
	return known
})
