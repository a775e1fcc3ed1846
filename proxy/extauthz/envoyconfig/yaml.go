package envoyconfig

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/sallyport-iam/sallyport/yamltext"
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
	file, err := yamltext.Parse(source)
	var much yamltext.TooMuch
	if errors.As(err, &much) {
		r.add(position{much.Line, much.Column}, Error, "TOO_DEEP", much.Error(), "write it as JSON, or check the listeners, routes and clusters that are for the store")
		return nil
	}
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
