package policy

import (
	"fmt"
	"strings"
)

var operatorNames = func() []string {
	var names []string
	for _, set := range setNames {
		for _, test := range testNames {
			names = append(names, set+test)
			if test != Null.String() {
				names = append(names, set+test+ifExists)
			}
		}
	}
	return names
}()

// conditions reads a Condition element. Operators and keys keep the order of
// the text.
func (r *reader) conditions(s *Statement, n *node) []Condition {
	if n.kind != nodeObject {
		r.error(n.Position, "DATA_TYPE_MISMATCH", "Condition is "+nodeNames[n.kind], `write {"Operator": {"key": "value"}}`)
		return nil
	}
	if len(n.members) == 0 {
		r.note(n.Position, "EMPTY_OBJECT_CONDITION", "an empty Condition restricts nothing", "remove it, or write the condition")
	}
	var list []Condition
	for i := range n.members {
		m := &n.members[i]
		op, ok := ParseOperator(m.name)
		if !ok {
			r.unknownOperator(m)
			continue
		}
		if op.Test == Null && op.Set != NoSet {
			r.warn(m.Position, "NULL_WITH_QUALIFIER", fmt.Sprintf("%s is always %t", op, op.Set == ForAllValues), `write "Null"`)
		}
		list = append(list, r.operatorBlock(s, op, m)...)
	}
	return list
}

func (r *reader) unknownOperator(m *member) {
	code, remedy := "INVALID_CONDITION_OPERATOR", "write an operator of IAM's reference"
	if strings.HasSuffix(m.name, Null.String()+ifExists) {
		code, remedy = "NULL_WITH_IF_EXISTS", `write "Null"`
	} else if near := r.nearest(m.name, operatorNames); near != "" {
		remedy = fmt.Sprintf("write %q", near)
	}
	r.error(m.Position, code, fmt.Sprintf("%q is no condition operator", m.name), remedy)
}

// operatorBlock reads the keys under one operator.
func (r *reader) operatorBlock(s *Statement, op Operator, m *member) []Condition {
	if m.value.kind != nodeObject {
		r.error(m.value.Position, "DATA_TYPE_MISMATCH", m.name+" holds "+nodeNames[m.value.kind], `write {"key": "value"}`)
		return nil
	}
	if len(m.value.members) == 0 {
		r.note(m.value.Position, "EMPTY_OBJECT_CONDITION", "an empty "+m.name+" restricts nothing", "remove it, or write the condition")
	}
	seen := make(map[string]Position, len(m.value.members))
	list := make([]Condition, 0, len(m.value.members))
	for i := range m.value.members {
		k := &m.value.members[i]
		c := Condition{Operator: op, OperatorPosition: m.Position, Key: k.name, KeyPosition: k.Position}
		if first, ok := seen[c.Name()]; ok {
			r.error(k.Position, "DUPLICATE_KEYS_WITH_DIFFERENT_CASE", fmt.Sprintf("the key %q stands twice under %s, first on line %d; case does not count", k.name, op, first.Line), "keep one of them, with all values")
			continue
		}
		seen[c.Name()] = k.Position
		c.Values = r.conditionValues(&k.value)
		r.conditionKey(&c)
		for _, v := range c.Values {
			r.conditionValue(s, &c, v)
		}
		if op.Test == Bool && len(c.Values) > 1 {
			r.warn(k.Position, "INVALID_CONDITION_MULTIPLE_BOOLEAN", fmt.Sprintf("several booleans for %q", k.name), "keep one of them")
		}
		list = append(list, c)
	}
	return list
}

// conditionValues reads scalars of one JSON type. The result is not nil.
func (r *reader) conditionValues(n *node) []Value {
	nodes := []node{*n}
	if n.kind == nodeArray {
		nodes = n.items
		if len(nodes) == 0 {
			r.note(n.Position, "EMPTY_ARRAY_CONDITION", "a condition without values matches no value", "list the values, or remove the condition")
		}
	}
	values := make([]Value, 0, len(nodes))
	for i := range nodes {
		switch item := &nodes[i]; {
		case item.kind != nodeString && item.kind != nodeNumber && item.kind != nodeBool:
			r.error(item.Position, "INVALID_CONDITION_DATA_TYPE", "a condition value is "+nodeNames[item.kind], "write a string, a number, a boolean, or a list of one of them")
		case item.kind != nodes[0].kind:
			r.error(item.Position, "INVALID_CONDITION_DATA_TYPE", fmt.Sprintf("%s in a list that begins with %s", nodeNames[item.kind], nodeNames[nodes[0].kind]), "write all values as strings")
		default:
			values = append(values, item.value())
		}
	}
	return values
}

func (r *reader) conditionKey(c *Condition) {
	key, at := c.Name(), c.KeyPosition
	if prefix, name, ok := strings.Cut(key, ":"); !ok || prefix == "" || name == "" || strings.TrimSpace(key) != key {
		r.error(at, "INVALID_CONDITION_KEY_FORMAT", fmt.Sprintf("%q is no condition key", c.Key), `write "prefix:name", e.g. "aws:SourceIp"`)
		return
	}
	if r.version == Version2012 && strings.Contains(key, "${") {
		r.error(at, "VARIABLE_UNSUPPORTED_IN_ELEMENT", fmt.Sprintf("a policy variable in the condition key %q", c.Key), "write the key itself")
		return
	}
	op, plain := c.Operator, c.Operator.Set == NoSet
	switch KeyCardinality(key) {
	case TagNamespace:
		r.error(at, "MISSING_TAG_KEY_IN_CONDITION", fmt.Sprintf("%q names no tag", c.Key), "write a slash and the tag's key behind it")
	case Multivalued:
		if plain && op.Test != Null {
			r.warn(at, "MISSING_QUALIFIER", fmt.Sprintf("%q is multivalued, and %s never matches its values", c.Key, op), fmt.Sprintf("write ForAnyValue:%s or ForAllValues:%s", op, op))
		}
	case Single:
		if op.Set == ForAllValues && op.Test != Null {
			r.warn(at, "FORALLVALUES_WITH_SINGLE_VALUED_KEY", fmt.Sprintf("%q has one value at most, and %s matches when it is absent", c.Key, op), fmt.Sprintf("write %s", Operator{Test: op.Test, IfExists: op.IfExists}))
		}
	case Undeclared:
		if strings.HasPrefix(key, "aws:") {
			r.unknownGlobalKey(c)
		}
	}
}

func (r *reader) unknownGlobalKey(c *Condition) {
	remedy := "write a key of AWS's list of global condition keys"
	if near := r.nearest(c.Name(), globalKeys); near != "" {
		remedy = fmt.Sprintf("write %q", near)
	}
	r.warn(c.KeyPosition, "INVALID_GLOBAL_CONDITION_KEY", fmt.Sprintf("%q is no global condition key known here", c.Key), remedy)
}

// conditionValue reports a value that the operator cannot read.
func (r *reader) conditionValue(s *Statement, c *Condition, v Value) {
	op := c.Operator
	if op.Test.HasVariables() {
		parts, ok := r.template(v)
		if !ok {
			return
		}
		if op.Test >= ArnEquals {
			r.arnValue(s, op, v, parts)
		} else if op.Test < StringLike && strings.ContainsAny(v.Text, "*?") && !strings.Contains(v.Text, "${") {
			r.note(v.Position, "WILDCARD_WITHOUT_LIKE_OPERATOR", fmt.Sprintf("%s takes %q as literal text", op, v.Text), "write StringLike if it is a wildcard")
		}
		return
	}
	ok, want := readable(op.Test, v.Text)
	switch {
	case ok:
	case strings.Contains(v.Text, "${"):
		r.error(v.Position, "INVALID_VARIABLE_FOR_OPERATOR", fmt.Sprintf("%s takes no policy variable", op), "write the value itself")
	default:
		r.error(v.Position, "TYPE_MISMATCH", fmt.Sprintf("%s cannot read %q", op, v.Text), "write "+want)
	}
}

// arnValue reports a pattern that cannot match an ARN. It makes the condition
// false, which a Deny must not hide.
func (r *reader) arnValue(s *Statement, op Operator, v Value, parts []Part) {
	if fields, early := arnFields(parts); early || len(fields) == 6 {
		return // what a variable holds is seen at run time
	}
	severity := Warning
	if s.Effect == Deny {
		severity = Error
	}
	r.add(severity, v.Position, "MISSING_ARN_FIELD", fmt.Sprintf("%s never matches %q, which has fewer than six fields", op, v.Text), `write all six fields, e.g. "arn:aws:sns:*:*:*"`)
}

// readable tells whether a test without variables can read a policy value, and
// what it wants.
func readable(t Test, text string) (ok bool, want string) {
	switch {
	case t >= NumericEquals && t <= NumericGreaterThanEquals:
		_, ok = ParseNumber(text)
		return ok, "an integer or a decimal"
	case t >= DateEquals && t <= DateGreaterThanEquals:
		_, ok = ParseDate(text)
		return ok, "a date such as 2026-01-31T12:00:00Z, or epoch seconds"
	case t == IPAddress || t == NotIPAddress:
		_, ok = ParsePrefix(text)
		return ok, "an address or a range such as 203.0.113.0/24"
	case t == BinaryEquals:
		_, ok = ParseBinary(text)
		return ok, "base64 with its padding"
	default: // Bool and Null
		_, ok = ParseBool(text)
		return ok, "true or false"
	}
}
