package s3

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// source is the object that a copy reads.
type source struct {
	bucket, key string
	version     string // "" if none is named
}

// parseSource reads x-amz-copy-source: bucket/key, percent-encoded, with or
// without a leading slash, and the version after a plain "?versionId=". What
// stores read in more than one way is refused.
func (m *Mapper) parseSource(value string) (source, *wire.Refusal) {
	var s source
	if strings.IndexByte(value, '+') >= 0 {
		return s, badSource(value, "it holds a raw +, which is ambiguous: send a space as %20 and a plus as %2B")
	}
	path, query, versioned := strings.Cut(strings.TrimPrefix(value, "/"), "?")
	if versioned {
		version, ok := strings.CutPrefix(query, "versionId=")
		if !ok || !validIdentifier(version) {
			return s, badSource(value, "after a plain ? it must have versionId= and a version, and nothing else")
		}
		s.version = version
	}
	decoded, ok := wire.Unescape(path)
	if !ok {
		return s, badSource(value, "it holds an invalid percent-escape")
	}
	if strings.HasPrefix(decoded, "arn:") {
		return s, notImplemented("Copy sources that are access points are not served.", "Header", "x-amz-copy-source")
	}
	if strings.Contains(decoded, "?versionId=") {
		// Some stores decode first and split then.
		return s, badSource(value, "its key holds ?versionId=, which some stores take for a version")
	}
	if s.bucket, s.key, ok = strings.Cut(decoded, "/"); !ok || s.key == "" {
		return s, badSource(value, "it must have the form bucket/key")
	}
	if refusal := m.checkBucket(s.bucket); refusal != nil {
		return s, refusal
	}
	return s, m.checkKey(s.key)
}

func badSource(value, why string) *wire.Refusal {
	return invalidArgument("The copy source is not valid: "+why+".", "x-amz-copy-source", value)
}
