package bundle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// entity is what a YAML file says of a user, group, role or managed policy.
type entity struct {
	id       text
	path     string
	tags     map[string]string
	groups   []text
	attached []text
	boundary text
	// maxSession is that of a role.
	maxSession time.Duration
}

// The bounds of a role's longest session.
const (
	defaultSession = time.Hour
	longestSession = 12 * time.Hour
)

// parseEntity reads the YAML of one. The entity is never nil, so that what else
// refers to it is checked even if it has errors of its own.
func parseEntity(p place, name string, source []byte) (*entity, []policy.Finding) {
	y := &yamlFile{name: name}
	e := &entity{path: "/", maxSession: defaultSession}
	if root := y.parse(source, maxEntity); root != nil {
		e.read(y, root, p.class)
	}
	return e, y.findings
}

func (e *entity) read(y *yamlFile, root ast.Node, c *class) {
	what := "a " + c.singular
	discard := func(called string) field {
		return field{key: called, read: func(n ast.Node) { y.str(n, called) }}
	}
	fields := []field{
		{key: "id", read: y.into(&e.id, "id")},
		{key: "path", read: func(n ast.Node) { e.readPath(y, n) }},
		{key: "created", read: func(n ast.Node) { y.instant(n, "created") }},
	}
	groupHint := "a group has none"
	tags := field{key: "tags", read: func(n ast.Node) { e.tags = y.tags(n) }}
	boundary := field{key: "boundary", read: y.into(&e.boundary, "boundary")}
	attached := field{key: "attached", read: y.strings(&e.attached, "attached")}
	inline := field{key: "inline", remedy: fmt.Sprintf("put each inline policy into %s/NAME/POLICY.json, beside the %s's own file", c.directory, c.singular)}
	name := field{key: "name", remedy: "remove it: the name of the file is the name of the " + c.singular}
	switch c {
	case users:
		fields = append(fields, tags, boundary, attached, inline, name,
			field{key: "groups", read: y.strings(&e.groups, "groups")})
	case groups:
		fields = append(fields, attached, inline, name,
			field{key: "tags", remedy: "remove it: " + groupHint},
			field{key: "boundary", remedy: "remove it: " + groupHint + "; bound the users in it"},
			field{key: "groups", remedy: "remove it: groups do not nest"},
			field{key: "users", remedy: "name the group under groups of each user"},
			field{key: "members", remedy: "name the group under groups of each user"})
	case roles:
		fields = append(fields, discard("description"), tags, boundary, attached, inline, name,
			field{key: "max_session_duration", read: func(n ast.Node) { e.readMaxSession(y, n) }},
			field{key: "trust", remedy: "put the trust policy into roles/NAME.trust.json"},
			field{key: "groups", remedy: "remove it: a role is in no group"})
	case policies:
		fields = append(fields, discard("description"), tags, name,
			field{key: "versions", remedy: "keep the version in force in NAME.json; versions are not supported by this version of Sallyport"})
	}
	had := y.fields(root, what, fields...)
	if _, mapping := root.(*ast.MappingNode); mapping && !had["id"] && c != policies {
		y.error(position(root), "MISSING_ID", "the "+c.singular+" has no id",
			fmt.Sprintf("add `id: %s…`, from AWS or, for a new %s, %s and 17 characters of A-Z and 2-7", c.idPrefix, c.singular, c.idPrefix))
	}
	if bad := badID(e.id.value, c.idPrefix); e.id.value != "" && bad != "" {
		y.error(e.id.at, "INVALID_ID", fmt.Sprintf("the id %s %s", y.quote(e.id.value), bad),
			fmt.Sprintf("write %s and upper-case letters and digits", c.idPrefix))
	}
}

func (e *entity) readPath(y *yamlFile, n ast.Node) {
	path, ok := y.str(n, "path")
	if !ok {
		return
	}
	if bad := badPath(path.value); bad != "" {
		y.error(path.at, "INVALID_PATH", fmt.Sprintf("the path %s %s", y.quote(path.value), bad), "write one like /division/team/, or leave it out")
		return
	}
	e.path = path.value
}

// readMaxSession reads seconds, as AWS has them.
func (e *entity) readMaxSession(y *yamlFile, n ast.Node) {
	const remedy = "write a number of seconds from 3600 to 43200"
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		y.error(position(n), "WRONG_TYPE", "max_session_duration is "+describe(n), remedy)
		return
	}
	seconds, err := strconv.ParseInt(i.GetToken().Value, 10, 64)
	if err != nil || seconds < int64(defaultSession/time.Second) || seconds > int64(longestSession/time.Second) {
		y.error(position(n), "INVALID_DURATION", "max_session_duration is out of bounds", remedy)
		return
	}
	e.maxSession = time.Duration(seconds) * time.Second
}

// instant reads a time.
func (y *yamlFile) instant(n ast.Node, what string) (t time.Time) {
	s, ok := y.str(n, what)
	if !ok {
		return t
	}
	t, err := time.Parse(time.RFC3339, s.value)
	if err != nil {
		y.error(s.at, "INVALID_TIME", fmt.Sprintf("%s is no time: %s", what, y.quote(s.value)), "write one like 2026-01-31T12:00:00Z")
	}
	return t
}

// tags reads the tags of a user, role or policy.
func (y *yamlFile) tags(n ast.Node) map[string]string {
	tags := map[string]string{}
	folded := map[string]string{}
	for _, p := range y.pairs(n, "tags") {
		key := p.key.value
		if bad := badTag(key, maxTagKey); bad != "" || key == "" {
			if key == "" {
				bad = "is empty"
			}
			y.error(p.key.at, "INVALID_TAG", fmt.Sprintf("the key of a tag, %s, %s", y.quote(key), bad), "use another key")
			continue
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			y.error(p.key.at, "INVALID_TAG", fmt.Sprintf("the tag %q begins with aws:, which AWS keeps for itself", key), "use another key")
			continue
		}
		if first, twice := folded[strings.ToLower(key)]; twice {
			y.error(p.key.at, "DUPLICATE_TAG", fmt.Sprintf("the tags %q and %q differ in case alone", first, key), "keep one of them: keys of tags are compared without case")
			continue
		}
		folded[strings.ToLower(key)] = key
		value, ok := y.tagValue(p.value, key)
		if !ok {
			continue
		}
		if bad := badTag(value.value, maxTagValue); bad != "" {
			y.error(value.at, "INVALID_TAG", fmt.Sprintf("the value of the tag %q %s", key, bad), "use another value")
			continue
		}
		tags[key] = value.value
	}
	if len(folded) > maxTags {
		y.error(position(n), "TOO_MANY_TAGS", fmt.Sprintf("there are %d tags, and AWS allows %d", len(folded), maxTags), "remove some")
	}
	return tags
}

// tagValue reads a string that may be empty.
func (y *yamlFile) tagValue(n ast.Node, key string) (text, bool) {
	if s, ok := n.(*ast.StringNode); ok && s.Value == "" {
		return text{at: position(n)}, true
	}
	return y.str(n, fmt.Sprintf("the tag %q", key))
}
