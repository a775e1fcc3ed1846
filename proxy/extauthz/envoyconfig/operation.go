package envoyconfig

import (
	"regexp"
	"slices"
	"strings"
)

// Operation is one operation of Amazon S3 that the door serves.
type Operation struct {
	// Name is AWS's name.
	Name string
	// Method and Level ("service", "bucket", "object") are what it is sent with
	// and to; Selector is the sub-resource, empty if it has none.
	Method, Level, Selector string
	// Decides tells that the body is read before the operation is decided.
	Decides bool
	// BodyLimit is the greatest size of the body in bytes, 0 if there is none,
	// and -1 for that of an object.
	BodyLimit int64
}

// The levels of operations.
const (
	serviceLevel = "service"
	bucketLevel  = "bucket"
	objectLevel  = "object"
)

// isAt tells whether an operation is sent to a host of a style at all: to a bucket's
// own there is none of the whole service.
func (o *Operation) isAt(s style) bool {
	switch o.Level {
	case bucketLevel, objectLevel:
		return true
	default:
		return o.Level == serviceLevel && s == pathStyle
	}
}

// style is where a request has the bucket.
type style bool

const (
	pathStyle   style = false // in the path
	bucketHosts style = true  // in the host
)

// bodies is a kind of request of which the body must come along.
type bodies struct {
	Method string
	// Regex fits the whole :path, the query included. It is RE2, in which Go and
	// Envoy agree.
	Regex string
	// Operations are those that it is for, and Limit is the greatest body of
	// them, in bytes.
	Operations []string
	Limit      int64
}

// bodiesOf tells what must come along, by method and level, in a fixed order.
func bodiesOf(operations []Operation, s style) []bodies {
	type kind struct{ method, level string }
	found := map[kind][]Operation{}
	var kinds []kind
	for _, o := range operations {
		k := kind{o.Method, o.Level}
		if !o.Decides || !o.isAt(s) {
			continue
		}
		if found[k] == nil {
			kinds = append(kinds, k)
		}
		found[k] = append(found[k], o)
	}
	slices.SortFunc(kinds, func(a, b kind) int {
		return strings.Compare(a.method+a.level, b.method+b.level)
	})
	var out []bodies
	for _, k := range kinds {
		b := bodies{Method: k.method}
		var selectors []string
		whole := false
		for _, o := range found[k] {
			b.Operations = append(b.Operations, o.Name)
			b.Limit = max(b.Limit, o.BodyLimit)
			whole = whole || o.Selector == ""
			if !slices.Contains(selectors, o.Selector) {
				selectors = append(selectors, o.Selector)
			}
		}
		slices.Sort(b.Operations)
		slices.Sort(selectors)
		b.Regex = pathRegex(k.level, s)
		if whole {
			// The operation without a sub-resource is told from the others of
			// its level by what its query lacks, which no expression says. They
			// are small documents, too.
			b.Regex += `([?].*)?`
		} else {
			for i := range selectors {
				selectors[i] = regexp.QuoteMeta(selectors[i])
			}
			b.Regex += `[?](.*&)?(` + strings.Join(selectors, "|") + `)([=&].*)?`
		}
		out = append(out, b)
	}
	return out
}

// pathRegex fits the paths of a level.
func pathRegex(level string, s style) string {
	switch {
	case level == objectLevel && s == bucketHosts:
		return `/[^?]+`
	case level == objectLevel:
		return `/[^/?]+/[^?]+`
	case s == bucketHosts, level == serviceLevel:
		return `/`
	}
	return `/[^/?]+/?`
}

// samples are targets of requests for an operation.
func (o *Operation) samples(s style) []string {
	paths := []string{"/bucket", "/bucket/"}
	switch {
	case o.Level == objectLevel && s == bucketHosts:
		paths = []string{"/key", "/a/b//c+d%2Fe"}
	case o.Level == objectLevel:
		paths = []string{"/bucket/key", "/bucket/a/b//c+d%2Fe"}
	case s == bucketHosts, o.Level == serviceLevel:
		paths = []string{"/"}
	}
	var out []string
	for _, path := range paths {
		if o.Selector == "" {
			out = append(out, path)
			continue
		}
		out = append(out, path+"?"+o.Selector, path+"?"+o.Selector+"=", path+"?versionId=v&"+o.Selector+"&x-id="+o.Name)
	}
	return out
}
