package s3

import (
	"strings"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/wire"
)

// maxKey is the greatest length of a key in bytes.
const maxKey = 1024

// address splits a raw path into bucket and key, each decoded once. host is
// the bucket that a virtual host names, or "".
func (m *Mapper) address(path, host string) (level, string, string, *wire.Refusal) {
	if path == "" || path[0] != '/' {
		return 0, "", "", invalidURI("the path does not begin with /")
	}
	name, rest, slash := host, path[1:], true
	if host == "" {
		if rest == "" {
			return serviceLevel, "", "", nil
		}
		name, rest, slash = strings.Cut(rest, "/")
		if strings.IndexByte(name, '%') >= 0 {
			return 0, "", "", encodedBucket(name)
		}
	}
	if refusal := m.checkBucket(name); refusal != nil {
		return 0, "", "", refusal
	}
	if host != "" {
		if label := otherInterface(host); label != "" {
			return 0, "", "", notImplemented("Hosts of "+label+" are not served.", "BucketName", host)
		}
	}
	if !slash || rest == "" {
		return bucketLevel, name, "", nil
	}
	key, ok := wire.Unescape(rest)
	if !ok {
		return 0, "", "", invalidURI("the key holds an invalid percent-escape")
	}
	if refusal := m.checkKey(key); refusal != nil {
		return 0, "", "", refusal
	}
	return objectLevel, name, key, nil
}

// otherInterface is the label by which a virtual host is not a bucket's but an
// access point's or that of another interface of Amazon S3; "" if there is none.
// What such a host names is no bucket of that name.
func otherInterface(host string) string {
	for rest, more := host, strings.IndexByte(host, '.') >= 0; more; {
		_, rest, more = strings.Cut(rest, ".")
		label, _, _ := strings.Cut(rest, ".")
		for _, prefix := range [...]string{
			"accesspoint", "s3-accesspoint", "s3-accelerate", "s3-control", "s3-global", "s3-object-lambda", "s3-outposts", "s3-website", "s3express-",
		} {
			if strings.HasPrefix(label, prefix) {
				return label
			}
		}
	}
	return ""
}

// encodedBucket refuses percent-escapes in a bucket's name: no valid name
// needs one, and a store may take the segment as it is.
func encodedBucket(raw string) *wire.Refusal {
	if strings.HasPrefix(strings.ToLower(raw), "arn%3a") {
		return invalidBucketName(raw, "ARNs are not accepted in place of a bucket")
	}
	return invalidBucketName(raw, "a bucket's name must not be percent-encoded")
}

// checkBucket refuses what is no name of a general purpose bucket.
func (m *Mapper) checkBucket(name string) *wire.Refusal {
	if strings.HasPrefix(name, "arn:") {
		return invalidBucketName(name, "ARNs are not accepted in place of a bucket")
	}
	if !validBucket(name) {
		return invalidBucketName(name, "names have 3 to 63 lower-case letters, digits, dots and hyphens")
	}
	for _, suffix := range [...]string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return notImplemented("Names that end in "+suffix+" are not those of general purpose buckets, and are not served.", "BucketName", name)
		}
	}
	if strings.HasPrefix(name, "xn--") || strings.HasPrefix(name, "sthree-") || strings.HasPrefix(name, "amzn-s3-demo-") {
		return invalidBucketName(name, "the prefixes xn--, sthree- and amzn-s3-demo- are reserved")
	}
	if m.reserved[name] {
		return invalidBucketName(name, "the name is reserved for an interface of the store")
	}
	return nil
}

// validBucket tells whether a name follows S3's rules for general purpose
// buckets.
func validBucket(name string) bool {
	if len(name) < 3 || len(name) > 63 || !isAlphanumeric(name[0]) || !isAlphanumeric(name[len(name)-1]) {
		return false
	}
	numeric, dots := true, 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.':
			if name[i-1] == '.' {
				return false
			}
			dots++
		case '0' <= c && c <= '9':
		case 'a' <= c && c <= 'z' || c == '-':
			numeric = false
		default:
			return false
		}
	}
	return !(numeric && dots == 3) // an IPv4 address
}

func isAlphanumeric(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' }

// checkKey refuses what cannot be a key, or with strict keys what a store on
// a file system would change.
func (m *Mapper) checkKey(key string) *wire.Refusal {
	ascii := true
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == 0:
			return invalidURI("the key holds a NUL")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(key) {
		return invalidURI("the key is not UTF-8")
	}
	if len(key) > maxKey {
		return keyTooLong(len(key))
	}
	if !m.strictKeys {
		return nil
	}
	if refusal := checkExact(key); refusal != nil {
		return refusal
	}
	return m.checkPrivate("Key", key)
}

// checkPrivate refuses a key, or a prefix, in a folder of the store's own: its
// files are not objects, and hold parts of objects that other policies guard.
func (m *Mapper) checkPrivate(name, key string) *wire.Refusal {
	first, _, _ := strings.Cut(key, "/")
	for _, folder := range m.private {
		if strings.EqualFold(first, folder) {
			return invalidArgument("The store behind this endpoint keeps files of its own in "+folder+".", name, key)
		}
	}
	return nil
}

// checkExact refuses keys that a file system does not keep apart from others:
// those with empty, "." or ".." segments, segments that end in a dot or a
// space, backslashes and control characters. A final slash stays: it marks
// directories.
func checkExact(key string) *wire.Refusal {
	for rest, more := key, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment == "" {
			if more || key == "" {
				return inexact(key, "an empty path segment")
			}
			return nil // the final slash
		}
		switch segment[len(segment)-1] {
		case '.':
			return inexact(key, "a path segment that ends in a dot")
		case ' ':
			return inexact(key, "a path segment that ends in a space")
		}
		for i := 0; i < len(segment); i++ {
			switch c := segment[i]; {
			case c < ' ' || c == 0x7f:
				return inexact(key, "a control character")
			case c == '\\':
				return inexact(key, "a backslash")
			}
		}
	}
	return nil
}

func inexact(key, what string) *wire.Refusal {
	return refusal(400, "InvalidArgument", "The store behind this endpoint does not keep keys exactly, and the key holds "+what+".",
		wire.Element{Name: "ArgumentName", Value: "Key"}, wire.Element{Name: "ArgumentValue", Value: key})
}
