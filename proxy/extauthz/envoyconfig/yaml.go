package envoyconfig

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlReader makes nodes of what the parser found.
type yamlReader struct {
	report  *report
	anchors map[string]*node
	failed  bool
}

// readYAML reads every document of a text.
func readYAML(r *report, source []byte) []*node {
	start := position{1, 1}
	if len(source) > maxYAML {
		r.add(start, Error, "FILE_TOO_LARGE", fmt.Sprintf("the file is YAML and larger than %d MiB", maxYAML>>20), "check it as JSON, or the listeners, routes and clusters that are for the store")
		return nil
	}
	if at, yes := overwhelms(source); yes {
		r.add(at, Error, "TOO_DEEP", "the values are nested too deeply, or there is too much of one kind: documents, tags, lines of one indentation", "write it as JSON, or check the listeners, routes and clusters that are for the store")
		return nil
	}
	file, err := parseYAML(source)
	if err != nil {
		at, message := start, "this is neither YAML nor JSON"
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) {
			message += ": " + shorten(syntax.Message)
			if syntax.Token != nil {
				at = position{syntax.Token.Position.Line, syntax.Token.Position.Column}
			}
		}
		r.add(at, Error, "SYNTAX", message, "correct it; Envoy would not start with it")
		return nil
	}
	var documents []*node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		y := &yamlReader{report: r, anchors: map[string]*node{}}
		if n := y.node(doc.Body, 0); n != nil && n.kind != null && !y.failed {
			documents = append(documents, n)
		}
	}
	return documents
}

// parseYAML makes an error of a panic: the library has had some on input that
// is far from YAML.
func parseYAML(source []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("the parser gave up")
		}
	}()
	return parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
}

// overwhelms tells of text that the parser must not be given: nesting, which it
// does not bound, and many tags, empty list elements, documents, complex keys or
// lines of one indentation, all of which take it time that grows with their
// square. Strings and comments count too.
func overwhelms(source []byte) (position, bool) {
	const deepest, most, longest = 48, 256, 10_000
	at, brackets, marks, odd, lines := position{1, 1}, 0, 0, 0, 0
	indented, last := true, byte('\n')
	// level is the indentation of a line, and how many lines it has had.
	type level struct{ column, lines int }
	var levels []level
	for i, c := range source {
		blank := i+1 == len(source) || source[i+1] == ' ' || source[i+1] == '\n' || source[i+1] == '\r' || source[i+1] == '\t'
		switch {
		case c == '\n':
			if indented && marks > 0 {
				odd++
			}
			at, marks, indented = position{at.line + 1, 0}, 0, true
		case c == '[' || c == '{':
			brackets++
		case c == ']' || c == '}':
			brackets = max(0, brackets-1)
		case c == '!' && (last == ' ' || last == '\n' || last == '!'):
			odd++
		case indented && (c == '-' || c == '?') && blank:
			marks++
			if c == '?' {
				odd++
			}
		case c == '-' && at.column == 1 && bytes.HasPrefix(source[i:], []byte("---")):
			odd++
		}
		if indented && c != ' ' && c != '\n' && c != '\r' && last != '-' && last != '?' {
			for len(levels) > 0 && levels[len(levels)-1].column > at.column {
				levels = levels[:len(levels)-1]
			}
			if len(levels) == 0 || levels[len(levels)-1].column < at.column {
				levels = append(levels, level{column: at.column})
			}
			levels[len(levels)-1].lines++
			lines = levels[len(levels)-1].lines
		}
		at.column++
		indented = indented && (c == ' ' || c == '\n' || c == '\r' || c == '\t' || (c == '-' || c == '?') && blank)
		if brackets > deepest || len(levels) > deepest || marks > deepest || odd > most || lines > longest {
			return at, true
		}
		last = c
	}
	return position{}, false
}

// node is the node for one of the parser's; nil if it cannot be read, which is
// reported.
func (y *yamlReader) node(n ast.Node, depth int) *node {
	out := &node{at: place(n), kind: scalar}
	if depth > maxDepth {
		return y.fail(out.at, "TOO_DEEP", fmt.Sprintf("the values are nested more than %d deep", maxDepth), "keep to what Envoy documents")
	}
	switch n := n.(type) {
	case *ast.NullNode:
		out.kind = null
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.text = n.GetToken().Value
	case *ast.StringNode:
		t := n.GetToken().Type
		out.text, out.quoted = n.Value, t == token.SingleQuoteType || t == token.DoubleQuoteType
	case *ast.LiteralNode:
		out.text, out.quoted = n.Value.Value, true
	case *ast.SequenceNode:
		out.kind = list
		for _, item := range n.Values {
			value := y.node(item, depth+1)
			if value == nil {
				return nil
			}
			out.items = append(out.items, value)
		}
	case *ast.MappingNode:
		return y.mapping(out, n.Values, depth)
	case *ast.MappingValueNode:
		return y.mapping(out, []*ast.MappingValueNode{n}, depth)
	case *ast.AnchorNode:
		value := y.node(n.Value, depth+1)
		if value != nil && n.Name != nil {
			y.anchors[n.Name.GetToken().Value] = value
		}
		return value
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		value := y.anchors[name]
		if value == nil {
			return y.fail(out.at, "SYNTAX", "there is no anchor &"+shorten(name)+" before this", "define it first")
		}
		return value
	case *ast.TagNode:
		return y.node(n.Value, depth+1)
	default:
		return y.fail(out.at, "SYNTAX", "this is no value that Envoy reads", "write it out")
	}
	return out
}

func (y *yamlReader) mapping(out *node, values []*ast.MappingValueNode, depth int) *node {
	out.kind = object
	for _, v := range values {
		var key ast.Node = v.Key
		ignored := false
		if tag, ok := key.(*ast.TagNode); ok {
			ignored = tag.GetToken().Value == "!ignore"
			key = tag.Value
		}
		at := place(v.Key)
		switch key.(type) {
		case *ast.StringNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode:
		case *ast.MergeKeyNode:
			return y.fail(at, "MERGE_KEY", "Envoy reads no merge keys (<<)", "write the fields out, or refer to the whole value by an alias")
		default:
			return y.fail(at, "SYNTAX", "a key is no text", "write a name")
		}
		value := y.node(v.Value, depth+1)
		if value == nil {
			return nil
		}
		if !ignored {
			name := key.GetToken().Value
			if s, ok := key.(*ast.StringNode); ok {
				name = s.Value
			}
			out.fields = append(out.fields, field{name, at, value})
		}
	}
	return out
}

func (y *yamlReader) fail(at position, code, message, remedy string) *node {
	if !y.failed {
		y.report.add(at, Error, code, message, remedy)
	}
	y.failed = true
	return nil
}

// place is where a node of the parser's begins.
func place(n ast.Node) position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return position{t.Position.Line, t.Position.Column}
	}
	return position{1, 1}
}
