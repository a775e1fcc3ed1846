package nethttp

import (
	"net/http"

	"github.com/sallyport-iam/sallyport/wire"
)

// WriteHeader sends status and fields of an answer. It suppresses what
// net/http would add by guessing: a content type.
func WriteHeader(w http.ResponseWriter, resp *wire.Response) {
	header := w.Header()
	for _, field := range resp.Fields {
		name, ok := canonical[field.Name]
		if !ok {
			name = field.Name
		}
		header[name] = append(header[name], field.Value)
	}
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil
	}
	w.WriteHeader(resp.Status)
}
