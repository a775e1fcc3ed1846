package sigv4

import "github.com/sallyport-iam/sallyport/wire"

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
	req.RemoveParams(IsAuthParam)
}

func isAuthField(name string) bool {
	switch name {
	case "authorization", "date", "x-amz-date", "x-amz-security-token", "x-amz-s3session-token", "x-amz-region-set":
		return true
	}
	return false
}
