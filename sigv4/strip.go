package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// StripAuthentication removes what authenticated a request to this hop: the
// fields authorization, date, x-amz-date, x-amz-security-token,
// x-amz-s3session-token and x-amz-region-set, and the authentication
// parameters of the query, of which every other byte stays. It changes
// req.Fields in place; a changed query is a new one.
func StripAuthentication(req *wire.Request) {
	kept := req.Fields[:0]
	for _, field := range req.Fields {
		if !isAuthField(field.Name) {
			kept = append(kept, field)
		}
	}
	clear(req.Fields[len(kept):])
	req.Fields = kept
	stripQuery(req)
}

func isAuthField(name string) bool {
	switch name {
	case "authorization", "date", "x-amz-date", "x-amz-security-token", "x-amz-s3session-token", "x-amz-region-set":
		return true
	}
	return false
}

func stripQuery(req *wire.Request) {
	found := false
	for i := range req.Query {
		found = found || IsAuthParam(req.Query[i].Name)
	}
	if !found {
		return
	}
	query := make(wire.Query, 0, len(req.Query))
	for _, param := range req.Query {
		if !IsAuthParam(param.Name) {
			query = append(query, param)
		}
	}
	var raw strings.Builder
	raw.Grow(len(req.RawQuery))
	first := true
	for piece := range strings.SplitSeq(req.RawQuery, "&") {
		rawName, _, _ := strings.Cut(piece, "=")
		if name, ok := wire.Unescape(rawName); ok && IsAuthParam(name) {
			continue
		}
		if !first {
			raw.WriteByte('&')
		}
		first = false
		raw.WriteString(piece)
	}
	req.Query, req.RawQuery = query, raw.String()
	req.HasQuery = req.RawQuery != ""
}
