package s3

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// source is the object that a copy reads, or a rename takes away.
type source struct {
	bucket, key string
	version     string // "" if none is named
}

// sourceOf reads the source of a copy or of a rename.
func (m *Mapper) sourceOf(r *request) (source, *wire.Refusal) {
	if r.row.traits&renames == 0 {
		return m.parseSource(hCopySource, r.header(hCopySource))
	}
	value := r.header(hRenameSource)
	s, refusal := m.parseSource(hRenameSource, value)
	switch {
	case refusal != nil:
	case s.version != "":
		refusal = badSource(hRenameSource, value, "it must not name a version")
	case s.bucket != r.bucket:
		refusal = badSource(hRenameSource, value, "it must be in the same bucket")
	}
	return s, refusal
}

// parseSource reads x-amz-copy-source or its like: bucket/key, percent-encoded, with or
// without a leading slash, and the version after a plain "?versionId=". What
// stores read in more than one way is refused.
func (m *Mapper) parseSource(h header, value string) (source, *wire.Refusal) {
	var s source
	if strings.IndexByte(value, '+') >= 0 {
		return s, badSource(h, value, "it holds a raw +, which is ambiguous: send a space as %20 and a plus as %2B")
	}
	path, query, versioned := strings.Cut(strings.TrimPrefix(value, "/"), "?")
	if versioned {
		version, ok := strings.CutPrefix(query, "versionId=")
		if !ok || !validIdentifier(version) {
			return s, badSource(h, value, "after a plain ? it must have versionId= and a version, and nothing else")
		}
		s.version = version
	}
	decoded, ok := wire.Unescape(path)
	if !ok {
		return s, badSource(h, value, "it holds an invalid percent-escape")
	}
	if strings.HasPrefix(decoded, "arn:") {
		return s, notImplemented("Sources that are access points are not served.", "Header", headers[h])
	}
	if strings.Contains(decoded, "?versionId=") {
		// Some stores decode first and split then.
		return s, badSource(h, value, "its key holds ?versionId=, which some stores take for a version")
	}
	if s.bucket, s.key, ok = strings.Cut(decoded, "/"); !ok || s.key == "" {
		return s, badSource(h, value, "it must have the form bucket/key")
	}
	if refusal := m.checkBucket(s.bucket); refusal != nil {
		return s, refusal
	}
	return s, m.checkKey(s.key)
}

func badSource(h header, value, why string) *wire.Refusal {
	what := "copy"
	if h == hRenameSource {
		what = "rename"
	}
	return invalidArgument("The "+what+" source is not valid: "+why+".", headers[h], value)
}
