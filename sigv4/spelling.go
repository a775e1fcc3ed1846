package sigv4

import (
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// spelling is one of the ways to write a request down of which a client may
// have signed another than arrived. All mean the same: the key of the path, and
// the name of the host, are one in all of them. The zero value is the request
// as sent.
type spelling struct {
	path pathForm
	host string // "" for the one that arrived
}

// next moves on to the spelling to try after sp; false if there is none. Few
// requests need more than the first, so nothing is computed ahead.
func (sp *spelling) next(req *wire.Request, c *claim) bool {
	if sp.path == pathAsSent && hasOtherPath(req.Path, !isS3(c.service)) {
		sp.path = pathReencoded
		return true
	}
	if sp.host != "" {
		return false
	}
	*sp = spelling{host: req.OtherHost()}
	return sp.host != ""
}

// build writes the canonical request and the string to sign of one spelling
// into s; intact is false if the request matches no signature.
func (s *scratch) build(req *wire.Request, c *claim, sp spelling) (intact bool) {
	if sp.host != "" {
		other := *req
		other.Host = sp.host
		req = &other
	}
	intact = s.buildCanonical(req, sp.path, !isS3(c.service), c.scheme == Query, c.payload)
	s.buildToSign(c.algorithm, c.timestamp, c.scope)
	return intact
}

// hasOtherPath tells whether decoding and encoding a path makes another one
// of the same meaning. An encoded slash is a slash to Amazon S3, but not to
// services that read the path segment by segment.
func hasOtherPath(path string, segments bool) bool {
	if segments && (strings.Contains(path, "%2F") || strings.Contains(path, "%2f")) {
		return false
	}
	return !isCanonicalPath(path)
}

// isCanonicalPath tells that decoding and encoding a path leaves it as it is.
func isCanonicalPath(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case unreserved[c] || c == '/':
		case c == '%' && i+2 < len(path):
			decoded, ok := wire.Unescape(path[i : i+3])
			if !ok || unreserved[decoded[0]] || decoded == "/" ||
				upperHex[decoded[0]>>4] != path[i+1] || upperHex[decoded[0]&15] != path[i+2] {
				return false
			}
			i += 2
		default:
			return false
		}
	}
	return path != ""
}
