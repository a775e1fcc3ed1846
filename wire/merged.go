package wire

import "strings"

// MayBeMerged tells whether a field that counts for a request, and which, may be
// another than the client sent, for a request that came by way of something that
// joins repeated fields with commas and puts exclamation marks in the place of
// bytes outside UTF-8. What counts is what is signed, and every x-amz-* field.
func (r *Request) MayBeMerged() (name string, merged bool) {
	_, signed, _ := strings.Cut(r.Fields.Get("authorization"), "SignedHeaders=")
	signed, _, _ = strings.Cut(signed, ",")
	names := strings.Split(strings.TrimSpace(signed)+";"+r.Query.Get("X-Amz-SignedHeaders"), ";")
	for i := range r.Fields {
		f := &r.Fields[i]
		if !strings.ContainsAny(f.Value, ",!") || f.Name == "authorization" {
			continue
		}
		counts := strings.HasPrefix(f.Name, "x-amz-")
		for _, name := range names {
			counts = counts || name == f.Name
		}
		if counts {
			return f.Name, true
		}
	}
	return "", false
}
