package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/sallyport-iam/sallyport/yamltext"
)

// position is where something stands in the file.
type position struct{ line, column int }

// decoder reads one file.
type decoder struct {
	file     string
	lookup   func(name string) (string, bool)
	problems Problems
	// places holds where the value of a destination, a pointer into the Config,
	// was written, for checks that compare values; what is not written is not
	// in it.
	places map[any]position
}

func (d *decoder) problem(at position, message, remedy string) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: at.line, Column: at.column, Message: message, Remedy: remedy,
	})
}

// path resolves a path against the directory of the file.
func (d *decoder) path(written string) string {
	if filepath.IsAbs(written) {
		return filepath.Clean(written)
	}
	return filepath.Join(filepath.Dir(d.file), written)
}

// document parses the text as YAML. Of YAML, mappings, lists and plain, quoted
// and block texts are understood; anchors, aliases, tags, merge keys and
// several documents are not, since they hide what a file says.
func (d *decoder) document(text []byte) (root ast.Node, ok bool) {
	start := position{1, 1}
	if len(text) > maxFileBytes {
		d.problem(start, fmt.Sprintf("the file has more than %d bytes", maxFileBytes), "keep policies in the bundle and the configuration small")
		return nil, false
	}
	if !utf8.Valid(text) {
		d.problem(start, "the file is not UTF-8", "save it as UTF-8")
		return nil, false
	}
	file, err := yamltext.Parse(text)
	var much yamltext.TooMuch
	if errors.As(err, &much) {
		d.problem(position{much.Line, much.Column}, much.Error(), "use the layout of the reference")
		return nil, false
	}
	if err != nil {
		at, message := start, err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			message = syntax.GetMessage()
			if t := syntax.GetToken(); t != nil && t.Position != nil {
				at = position{t.Position.Line, t.Position.Column}
			}
		}
		// Beyond a colon the parser may quote the file, which may hold secrets.
		message, _, _ = strings.Cut(message, ":")
		d.problem(at, "this is not YAML: "+message, "correct the indentation or the quotes here or just above")
		return nil, false
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, directive := doc.Body.(*ast.DirectiveNode); directive {
			d.problem(place(doc.Body), "this is a YAML directive, which is not understood here", "remove the line")
			return nil, false
		}
		if body != nil {
			d.problem(place(doc.Body), "a second document begins", "keep one document in the file, without --- between")
			return nil, false
		}
		body = doc.Body
	}
	if body == nil {
		d.problem(start, "the file is empty", "begin with doors, upstreams, bundle and keys")
		return nil, false
	}
	return body, true
}

const maxFileBytes = 256 << 10

// place is where a node begins.
func place(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0])
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	}
	if node == nil || node.GetToken() == nil || node.GetToken().Position == nil {
		return position{1, 1}
	}
	at := node.GetToken().Position
	return position{at.Line, at.Column}
}

// mapping reads a mapping whose keys are those of the object.
func (d *decoder) mapping(name string, node ast.Node, keys object) {
	var entries []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		entries = n.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{n}
	default:
		d.problem(place(node), fmt.Sprintf("%s is %s, not a section", name, what(node)), "write its keys below it: "+keys.sortedNames())
		return
	}
	seen := make(map[string]bool, len(entries))
	for _, entry := range entries {
		at := place(entry)
		written, ok := keyName(entry.Key)
		if !ok {
			d.problem(at, "this key is not a plain name", "write one of "+keys.sortedNames())
			continue
		}
		if seen[written] {
			d.problem(at, fmt.Sprintf("%s is here a second time", quote(written)), "keep one of them")
			continue
		}
		seen[written] = true
		found := false
		for _, k := range keys {
			if k.name == written {
				found = true
				k.value.decode(d, k.name, entry.Value)
			}
		}
		if !found {
			remedy := "known here are " + keys.sortedNames()
			if near := nearest(written, keys.names()); near != "" {
				remedy = "did you mean " + near + "?"
			}
			d.problem(at, fmt.Sprintf("unknown key %s", quote(written)), remedy)
		}
	}
	for _, k := range keys {
		if seen[k.name] {
			continue
		}
		if k.required {
			meaning, _, _ := strings.Cut(k.meaning, ". ")
			d.problem(place(node), fmt.Sprintf("%s has no %s", name, k.name), "add "+k.name+": "+strings.TrimSuffix(meaning, "."))
			continue
		}
		k.value.absent(d)
	}
}

func keyName(key ast.MapKeyNode) (string, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	default:
		return "", false
	}
}

// items are the elements of a list.
func (d *decoder) items(name string, node ast.Node) ([]ast.Node, bool) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		d.problem(place(node), fmt.Sprintf("%s is %s, not a list", name, what(node)), "write - before each element, or [a, b]")
		return nil, false
	}
	if len(list.Values) == 0 {
		d.problem(place(node), name+" is an empty list", "add an element or remove the key")
		return nil, false
	}
	return list.Values, true
}

// text is what a scalar node says, as written and with variables expanded.
func (d *decoder) text(name string, node ast.Node, number bool, example string) (written, expanded string, ok bool) {
	at := place(node)
	switch n := node.(type) {
	case *ast.StringNode:
		written = n.Value
	case *ast.LiteralNode:
		written = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode:
		written = n.GetToken().Value
		if !number {
			d.problem(at, name+" is a number, not a text", "put it in quotes, or write for example "+example)
			return "", "", false
		}
		return written, written, true
	default:
		d.problem(at, fmt.Sprintf("%s is %s", name, what(node)), "write for example "+example)
		return "", "", false
	}
	expanded, wrong := expand(written, d.lookup)
	for _, w := range wrong {
		d.problem(at, name+" "+w.message, w.remedy)
	}
	return written, expanded, len(wrong) == 0
}

// what names the kind of a node for a message.
func what(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a section"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.NullNode:
		return "empty"
	case *ast.AnchorNode:
		return "a YAML anchor"
	case *ast.AliasNode:
		return "a YAML alias"
	case *ast.TagNode:
		return "a YAML tag"
	default:
		return "something else"
	}
}

// quote shows a text of the file in a message, cut short.
func quote(text string) string {
	const most = 80
	if len(text) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		return strconv.Quote(text[:cut]) + "…"
	}
	return strconv.Quote(text)
}
