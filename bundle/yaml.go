package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/yamltext"
)

// yamlFile reads one YAML file: a small subset of the language, strictly. It
// goes on after an error, so that all findings of a file are told at once.
type yamlFile struct {
	name string
	// sealed keeps what the file says out of findings: it holds secrets.
	sealed   bool
	findings []policy.Finding
}

// text is a string of a file and where it stands.
type text struct {
	value string
	at    policy.Position
}

func (y *yamlFile) report(at policy.Position, severity policy.Severity, code, message, remedy string) {
	y.findings = append(y.findings, policy.Finding{
		File: y.name, Line: at.Line, Column: at.Column, Severity: severity, Code: code, Message: message, Remedy: remedy,
	})
}

func (y *yamlFile) error(at policy.Position, code, message, remedy string) {
	y.report(at, policy.Error, code, message, remedy)
}

// quote shows text of the file in a finding, unless it might be a secret.
func (y *yamlFile) quote(s string) string {
	if y.sealed {
		return "the value"
	}
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// parse returns the one document of the file; nil after an error and for an
// empty file, which is an error too.
func (y *yamlFile) parse(source []byte, limit int) ast.Node {
	start := policy.Position{Line: 1, Column: 1}
	if len(source) > limit {
		y.error(start, "FILE_TOO_LARGE", fmt.Sprintf("the file is larger than %d bytes", limit), "split it, or keep to the keys that are documented")
		return nil
	}
	file, err := yamltext.Parse(source)
	var much yamltext.TooMuch
	if errors.As(err, &much) {
		y.error(policy.Position{Line: much.Line, Column: much.Column}, "TOO_DEEP", much.Error(), "keep to the keys that are documented")
		return nil
	}
	if err != nil {
		at, message := start, "this is not YAML"
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			if !y.sealed {
				message += ": " + syntax.Message
			}
			if syntax.Token != nil {
				at = policy.Position{Line: syntax.Token.Position.Line, Column: syntax.Token.Position.Column}
			}
		}
		y.error(at, "SYNTAX", message, "correct it; indent with spaces, and quote what holds : or #")
		return nil
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, directive := doc.Body.(*ast.DirectiveNode); directive || body != nil {
			y.error(position(doc.Body), "SYNTAX", "the file holds more than one document, or a directive", "keep one document")
			return nil
		}
		body = doc.Body
	}
	if body == nil {
		y.error(start, "EMPTY_FILE", "the file is empty", "write what it is to say, or remove it")
	}
	return body
}

func position(n ast.Node) policy.Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return position(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(n.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return policy.Position{Line: t.Position.Line, Column: t.Position.Column}
	}
	return policy.Position{Line: 1, Column: 1}
}

// describe names what a node is, for those who wanted something else.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "a string"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias, merge key or tag, which are not read here"
	default:
		return "something else"
	}
}

func (y *yamlFile) wrongType(n ast.Node, what, wanted, remedy string) {
	y.error(position(n), "WRONG_TYPE", fmt.Sprintf("%s is %s", what, describe(n)), "write "+wanted+remedy)
}

// pair is an entry of a mapping.
type pair struct {
	key   text
	value ast.Node
}

// pairs reads the entries of a mapping whose keys are all strings and differ.
func (y *yamlFile) pairs(n ast.Node, what string) []pair {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		y.wrongType(n, what, "a mapping (key: value)", "")
		return nil
	}
	pairs := make([]pair, 0, len(values))
	seen := make(map[string]int, len(values))
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			y.wrongType(v.Key, "a key of "+what, "a string", "; put it in quotes if it is one")
			continue
		}
		at := position(key)
		name, value, ok := y.colons(key, v)
		if !ok {
			continue
		}
		if line, twice := seen[name]; twice {
			named := "a key"
			if !y.sealed {
				named = fmt.Sprintf("the key %q", name)
			}
			y.error(at, "DUPLICATE_KEY", fmt.Sprintf("%s stands twice in %s, first on line %d", named, what, line), "keep one of them")
			continue
		}
		seen[name] = at.Line
		pairs = append(pairs, pair{text{name, at}, value})
	}
	return pairs
}

// colons reads {aws:SourceVpce: absent} as YAML has it: a colon ends a plain key
// only if white space follows. The parser ends the key at the first one in braces.
func (y *yamlFile) colons(key *ast.StringNode, v *ast.MappingValueNode) (name string, value ast.Node, ok bool) {
	colon, at := v.Start.Position, v.Value.GetToken().Position
	if key.GetToken().Type != token.StringType || at.Line != colon.Line || at.Column != colon.Column+1 || v.Value.Type() == ast.NullType {
		return key.Value, v.Value, true
	}
	if s, plain := v.Value.(*ast.StringNode); plain && s.GetToken().Type == token.StringType {
		first, second, found := strings.Cut(s.Value, ": ")
		if second = strings.TrimSpace(second); found && second != "" && !strings.ContainsAny(second, "\"'{}[]&*!|>%@`#:") {
			end := *at
			end.Column += len(s.Value) - len(second)
			return key.Value + ":" + first, ast.String(token.String(second, second, &end)), true
		}
	}
	y.error(position(key), "SYNTAX", "a key in braces holds a colon", "put it in quotes, or write the mapping in lines; behind the colon that ends a key stands a blank")
	return "", nil, false
}

// field is a key that a mapping may hold. Without read it is one that belongs
// elsewhere, and remedy says where.
type field struct {
	key    string
	read   func(ast.Node)
	remedy string
}

// fields reads a mapping of known keys and returns those it had.
func (y *yamlFile) fields(n ast.Node, what string, known ...field) map[string]bool {
	had := make(map[string]bool, len(known))
	for _, p := range y.pairs(n, what) {
		i := slices.IndexFunc(known, func(f field) bool { return f.key == p.key.value })
		switch {
		case i >= 0 && known[i].read != nil:
			had[p.key.value] = true
			known[i].read(p.value)
		case i >= 0:
			y.error(p.key.at, "UNKNOWN_KEY", fmt.Sprintf("%s has no key %q", what, p.key.value), known[i].remedy)
		default:
			y.unknownKey(p.key, what, known)
		}
	}
	return had
}

func (y *yamlFile) unknownKey(key text, what string, known []field) {
	var names []string
	for _, f := range known {
		if f.read != nil {
			names = append(names, f.key)
		}
	}
	near := nearest(key.value, names)
	message := fmt.Sprintf("%s has no key %q", what, key.value)
	if y.sealed && near == "" {
		message = what + " has no such key"
	}
	remedy := "remove it; known are " + strings.Join(names, ", ")
	if near != "" {
		remedy = fmt.Sprintf("write %q", near)
	}
	y.error(key.at, "UNKNOWN_KEY", message, remedy)
}

// str reads a string that is not empty.
func (y *yamlFile) str(n ast.Node, what string) (text, bool) {
	var s string
	switch n := n.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		y.wrongType(n, what, "a string", ": put it in quotes")
		return text{}, false
	default:
		y.wrongType(n, what, "a string", "")
		return text{}, false
	}
	at := position(n)
	if s == "" {
		y.error(at, "EMPTY_VALUE", what+" is empty", "write a value, or remove the key")
		return text{}, false
	}
	return text{s, at}, true
}

// into reads a string into a place.
func (y *yamlFile) into(to *text, what string) func(ast.Node) {
	return func(n ast.Node) {
		if s, ok := y.str(n, what); ok {
			*to = s
		}
	}
}

// items reads a list, element by element.
func (y *yamlFile) items(n ast.Node, what string, read func(ast.Node)) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		y.wrongType(n, what, "a list ([a, b], or a line “- a” for each)", "")
		return
	}
	for _, item := range list.Values {
		read(item)
	}
}

// strings reads a list of strings that differ.
func (y *yamlFile) strings(to *[]text, what string) func(ast.Node) {
	return func(n ast.Node) {
		seen := map[string]bool{}
		y.items(n, what, func(item ast.Node) {
			s, ok := y.str(item, "an element of "+what)
			if !ok {
				return
			}
			if seen[s.value] {
				y.report(s.at, policy.Warning, "DUPLICATE_ELEMENT", fmt.Sprintf("%s names %s twice", what, y.quote(s.value)), "keep one of them")
				return
			}
			seen[s.value] = true
			*to = append(*to, s)
		})
	}
}
