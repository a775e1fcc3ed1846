package policy

import (
	"fmt"
	"slices"
	"strings"
)

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// known reports the members of an object whose name is not among the known ones.
func (r *reader) known(n *node, known []string, what string) {
	for i := range n.members {
		m := &n.members[i]
		if slices.Contains(known, m.name) {
			continue
		}
		remedy := "remove it; " + what + " holds " + strings.Join(known, ", ")
		if near := r.nearest(m.name, known); near != "" {
			remedy = fmt.Sprintf("write %q", near)
		}
		r.error(m.Position, "INVALID_POLICY_ELEMENT", fmt.Sprintf("%s has no element %q", what, m.name), remedy)
	}
}

func (r *reader) topLevel(root *node) *Document {
	doc := &Document{Kind: r.kind, File: r.file}
	r.known(root, documentElements, "a policy document")
	if v := root.member("Version"); v != nil {
		doc.Version = r.versionOf(&v.value)
	} else if r.kind == SCP || r.kind == RCP {
		r.error(root.Position, "MISSING_VERSION", "a "+r.kind.String()+" needs a Version", `add "Version": "2012-10-17"`)
	} else {
		r.note(root.Position, "MISSING_VERSION", "no Version, which means 2008-10-17: ${…} is literal text", `add "Version": "2012-10-17"`)
	}
	r.version = doc.Version
	if id := root.member("Id"); id != nil {
		if r.kind.HasPrincipals() && r.kind != RCP {
			doc.ID, _ = r.str(&id.value, "Id")
		} else {
			r.error(id.Position, "UNSUPPORTED_ELEMENT", "a "+r.kind.String()+" has no Id", "remove it")
		}
	}
	list := root.member("Statement")
	if list == nil {
		r.error(root.Position, "MISSING_STATEMENT", "the document has no Statement", `add "Statement": […]`)
		return doc
	}
	statements := []node{list.value}
	if list.value.kind == nodeArray {
		statements = list.value.items
	}
	doc.Statements = make([]Statement, 0, len(statements))
	for i := range statements {
		if n := &statements[i]; n.kind != nodeObject {
			r.error(n.Position, "DATA_TYPE_MISMATCH", "a statement is "+nodeNames[n.kind], "write an object")
		} else {
			doc.Statements = append(doc.Statements, r.statement(n, i))
		}
	}
	return doc
}

func (r *reader) versionOf(n *node) string {
	v, ok := r.str(n, "Version")
	switch {
	case !ok:
	case v == Version2008 && (r.kind == SCP || r.kind == RCP):
		r.error(n.Position, "INVALID_VERSION", "a "+r.kind.String()+" needs the Version 2012-10-17", `write "2012-10-17"`)
	case v != Version2008 && v != Version2012:
		r.error(n.Position, "INVALID_VERSION", fmt.Sprintf("%q is no version of the policy language", v), `write "2012-10-17", or "2008-10-17" if ${…} is to be literal text`)
	}
	return v
}

// str reads a node that must be a string.
func (r *reader) str(n *node, element string) (string, bool) {
	if n.kind != nodeString {
		r.error(n.Position, "DATA_TYPE_MISMATCH", element+" is "+nodeNames[n.kind], "write a string")
		return "", false
	}
	return n.text, true
}

// list reads a string or an array of strings. The result is not nil.
func (r *reader) list(n *node, element string) []Value {
	nodes := []node{*n}
	if n.kind == nodeArray {
		nodes = n.items
		if len(nodes) == 0 {
			r.note(n.Position, "EMPTY_ARRAY_"+strings.ToUpper(element), "an empty "+element+" gives the statement no effect", "list what it is to hold, or remove the statement")
		}
	}
	values := make([]Value, 0, len(nodes))
	for i := range nodes {
		if _, ok := r.str(&nodes[i], element); ok {
			values = append(values, nodes[i].value())
		}
	}
	return values
}

func (r *reader) statement(n *node, index int) Statement {
	s := Statement{Position: n.Position, Index: index}
	r.known(n, statementElements, "a statement")
	if e := n.member("Sid"); e != nil {
		s.Sid = r.sid(&e.value)
	}
	if e := n.member("Effect"); e != nil {
		s.Effect = r.effect(&e.value)
	} else {
		r.error(n.Position, "MISSING_EFFECT", "the statement has no Effect", `add "Effect": "Allow" or "Deny"`)
	}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if yes, no := n.member(name), n.member("Not"+name); yes != nil && no != nil {
			r.error(later(yes, no), "UNSUPPORTED_ELEMENT_COMBINATION", fmt.Sprintf("%s and Not%s stand in one statement", name, name), "keep one of them, or write two statements")
		}
	}
	r.principals(&s, n.member("Principal"), n.member("NotPrincipal"))
	r.actions(&s, n.member("Action"), n.member("NotAction"))
	r.resources(&s, n.member("Resource"), n.member("NotResource"))
	if e := n.member("Condition"); e != nil {
		s.Conditions = r.conditions(&s, &e.value)
	}
	r.trusted(&s)
	return s
}

func later(a, b *member) Position {
	if a.Line > b.Line || a.Line == b.Line && a.Column > b.Column {
		return a.Position
	}
	return b.Position
}

func (r *reader) effect(n *node) Effect {
	text, ok := r.str(n, "Effect")
	switch {
	case text == "Allow" && r.kind == RCP:
		r.error(n.Position, "UNSUPPORTED_EFFECT", "a customer's resource control policy can only deny", `write "Deny"; RCPFullAWSAccess, which allows, is always attached and needs no file`)
	case text == "Allow":
		return Allow
	case ok && text != "Deny":
		r.error(n.Position, "INVALID_EFFECT", fmt.Sprintf("%q is no effect", text), `write "Allow" or "Deny", in this case`)
	}
	return Deny
}

func (r *reader) sid(n *node) string {
	sid, ok := r.str(n, "Sid")
	if !ok {
		return ""
	}
	if sid == "" {
		r.note(n.Position, "EMPTY_SID_VALUE", "an empty Sid", "remove it, or name the statement")
		return ""
	}
	r.noVariable(n.value(), "Sid")
	report := r.warn
	if r.iam() {
		report = r.error
	}
	if i := strings.IndexFunc(sid, func(c rune) bool { return c > 'z' || !alphanumeric(byte(c)) }); i >= 0 && (r.iam() || r.kind == SCP || r.kind == RCP) {
		report(n.Position, "INVALID_SID", fmt.Sprintf("the Sid %q holds more than letters and digits", sid), "write letters A-Z, a-z and digits only")
	}
	if first, ok := r.sids[sid]; ok {
		report(n.Position, "UNIQUE_SIDS_REQUIRED", fmt.Sprintf("the Sid %q stands twice, first on line %d", sid, first.Line), "give each statement its own Sid")
	} else {
		if r.sids == nil {
			r.sids = map[string]Position{}
		}
		r.sids[sid] = n.Position
	}
	return sid
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// noVariable reports a variable where the language has none.
func (r *reader) noVariable(v Value, element string) {
	if r.version == Version2012 && strings.Contains(v.Text, "${") {
		r.warn(v.Position, "VARIABLE_UNSUPPORTED_IN_ELEMENT", "a policy variable in "+element+" is never substituted", "write the value itself")
	}
}
