package envoyconfig

import (
	"net/url"
	"regexp"
	"strings"
)

// verdict is whether something matches.
type verdict uint8

const (
	no verdict = iota
	maybe
	yes
)

// sure is the verdict of what is known.
func sure(matches bool) verdict {
	if matches {
		return yes
	}
	return no
}

// inverted is the verdict of the opposite.
func (v verdict) inverted() verdict { return yes - v }

// sample is a request that a route may take.
type sample struct{ method, target string }

func (s *sample) path() string {
	path, _, _ := strings.Cut(s.target, "?")
	return path
}

// matcher applies the matchers of routes. Expressions are compiled once.
type matcher struct{ compiled map[string]*regexp.Regexp }

// route tells whether a route takes a request.
func (m *matcher) route(match *node, s *sample) verdict {
	v := m.path(match, s.path())
	for _, h := range match.get("headers").each() {
		v = min(v, m.header(h, s))
	}
	for _, q := range match.get("query_parameters").each() {
		v = min(v, m.query(q, s))
	}
	for _, f := range match.all() {
		switch snake(f.key) {
		case "prefix", "path", "path_separated_prefix", "safe_regex", "headers", "query_parameters", "case_sensitive":
		case "connect_matcher", "grpc":
			v = no
		default:
			v = min(v, maybe)
		}
	}
	return v
}

func (m *matcher) path(match *node, path string) verdict {
	fold := match.get("case_sensitive") != nil && !match.get("case_sensitive").on()
	lower := func(s string) string {
		if fold {
			return strings.ToLower(s)
		}
		return s
	}
	path = lower(path)
	if n := match.get("prefix"); n != nil {
		return sure(strings.HasPrefix(path, lower(n.string())))
	}
	if n := match.get("path"); n != nil {
		return sure(path == lower(n.string()))
	}
	if n := match.get("path_separated_prefix"); n != nil {
		prefix := lower(n.string())
		return sure(path == prefix || strings.HasPrefix(path, prefix+"/"))
	}
	if n := match.get("safe_regex"); n != nil {
		return m.regex(n, path)
	}
	return maybe
}

// regex fits all of a value, as Envoy's RE2 does.
func (m *matcher) regex(n *node, value string) verdict {
	text := n.get("regex").string()
	re, known := m.compiled[text]
	if !known {
		if len(text) <= 1<<12 {
			re, _ = regexp.Compile("^(?:" + text + ")$")
		}
		m.compiled[text] = re
	}
	if re == nil {
		return maybe
	}
	return sure(re.MatchString(value))
}

// string applies a StringMatcher.
func (m *matcher) string(n *node, value string) verdict {
	if !n.get("ignore_case").off() {
		value = strings.ToLower(value)
	}
	lower := func(part *node) string {
		if !n.get("ignore_case").off() {
			return strings.ToLower(part.string())
		}
		return part.string()
	}
	for name, fits := range map[string]func(s, part string) bool{
		"exact": func(s, part string) bool { return s == part }, "prefix": strings.HasPrefix, "suffix": strings.HasSuffix, "contains": strings.Contains,
	} {
		if part := n.get(name); part != nil {
			return sure(fits(value, lower(part)))
		}
	}
	if re := n.get("safe_regex"); re != nil {
		return m.regex(re, value)
	}
	return maybe
}

// header applies a HeaderMatcher; headers but for those of the request line
// may have any value.
func (m *matcher) header(n *node, s *sample) verdict {
	var value string
	switch strings.ToLower(n.get("name").string()) {
	case ":method":
		value = s.method
	case ":path":
		value = s.target
	default:
		return maybe
	}
	v := maybe
	switch {
	case n.get("string_match") != nil:
		v = m.string(n.get("string_match"), value)
	case n.get("safe_regex_match") != nil:
		v = m.regex(n.get("safe_regex_match"), value)
	case n.get("present_match") != nil:
		v = sure(!n.get("present_match").off())
	case n.get("range_match") != nil:
		v = no
	default:
		for name, fits := range map[string]func(s, part string) bool{
			"exact_match": func(s, part string) bool { return s == part }, "prefix_match": strings.HasPrefix, "suffix_match": strings.HasSuffix, "contains_match": strings.Contains,
		} {
			if part := n.get(name); part != nil {
				v = sure(fits(value, part.string()))
			}
		}
		if len(n.fields) == 1 {
			v = yes // by its name alone
		}
	}
	if !n.get("invert_match").off() {
		v = v.inverted()
	}
	return v
}

// query applies a QueryParameterMatcher.
func (m *matcher) query(n *node, s *sample) verdict {
	_, raw, _ := strings.Cut(s.target, "?")
	query, err := url.ParseQuery(raw)
	if err != nil {
		return maybe
	}
	values, present := query[n.get("name").string()]
	switch {
	case n.get("present_match") != nil:
		return sure(present == n.get("present_match").on())
	case !present:
		return no
	case n.get("string_match") != nil:
		return m.string(n.get("string_match"), values[0])
	}
	return yes
}
