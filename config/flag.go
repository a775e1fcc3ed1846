package config

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// flag is true or false; false if it is not written.
type flag struct{ into *bool }

func (f flag) describe() description {
	return description{kind: "`true` or `false`", fallback: "false"}
}

func (f flag) absent(*decoder) {}

func (f flag) decode(d *decoder, name string, node ast.Node) {
	d.places[f.into] = place(node)
	b, ok := node.(*ast.BoolNode)
	if !ok {
		d.problem(place(node), fmt.Sprintf("%s is %s, not true or false", name, what(node)), "write true or false, without quotes")
		return
	}
	*f.into = b.Value
}
