package authz

import (
	"slices"

	"github.com/sallyport-iam/sallyport/authz/internal/pattern"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// compiler compiles the statements of a document. What they are made of lies in few
// pieces of memory, one for each kind of thing, and not in some for each statement:
// there are many documents, and a collection of garbage looks at each piece.
type compiler struct {
	doc *policy.Document
	// patterns are those of all resources and conditions, conditions all conditions:
	// each statement takes its own from the room that is left.
	patterns   []pattern.Pattern
	conditions []condition
	// actions are the lists of actions, by their text, and named where their patterns
	// are among names. Many statements have the same.
	actions map[string]*namedActions
	names   []policy.ActionPattern
	text    []byte
	// of are the lists of the statements.
	of []*namedActions
}

// namedActions is a list of actions, whose patterns are a range of the names.
type namedActions struct {
	list     actionList
	from, to int
}

func newCompiler(doc *policy.Document) *compiler {
	patterns, conditions := 0, 0
	for i := range doc.Statements {
		s := &doc.Statements[i]
		patterns += max(len(s.Resources), len(s.NotResources))
		conditions += len(s.Conditions)
		for k := range s.Conditions {
			if c := &s.Conditions[k]; c.Operator.Test.HasVariables() {
				patterns += len(c.Values)
			}
		}
	}
	return &compiler{
		doc:        doc,
		patterns:   make([]pattern.Pattern, patterns),
		conditions: make([]condition, conditions),
		actions:    map[string]*namedActions{},
		of:         make([]*namedActions, 0, len(doc.Statements)),
	}
}

// take takes n things from the room that is left.
func take[T any](room *[]T, n int) []T {
	taken := (*room)[:n:n]
	*room = (*room)[n:]
	return taken
}

func (c *compiler) compile(s *policy.Statement, st *statement) {
	*st = statement{
		where: Statement{
			Policy: c.doc.Name, Sid: s.Sid, File: c.doc.File,
			Index: s.Index, Line: s.Line, Column: s.Column,
		},
		deny: s.Effect == policy.Deny,
		// An empty list gives the statement no effect, of whichever kind.
		notActions:   len(s.NotActions) > 0,
		notResources: len(s.NotResources) > 0,
	}
	actions, resources := s.Actions, s.Resources
	if st.notActions {
		actions = s.NotActions
	}
	if st.notResources {
		resources = s.NotResources
	}
	st.actions = c.compileActions(actions)
	st.resources = c.compileResources(resources)
	if s.Resources == nil && s.NotResources == nil {
		st.anyResource = c.doc.Kind == policy.Resource || c.doc.Kind == policy.Trust
	}
	if c.doc.Kind.HasPrincipals() {
		st.bound = &bound{principals: compilePrincipals(s.Principals)}
		if st.deny {
			st.bound.notPrincipals = compilePrincipals(s.NotPrincipals)
		}
	}
	st.conditions = take(&c.conditions, len(s.Conditions))
	for i := range s.Conditions {
		st.conditions[i] = c.compileCondition(&s.Conditions[i])
	}
	st.cost = st.tryingCost(s)
}

func (c *compiler) compileActions(values []policy.Value) actionList {
	c.text = c.text[:0]
	for _, v := range values {
		c.text = appendText(c.text, v.Text)
	}
	named := c.actions[string(c.text)]
	if named == nil {
		named = &namedActions{list: compileActions(values), from: len(c.names)}
		c.names = append(c.names, named.list.patterns...)
		named.to = len(c.names)
		c.actions[string(c.text)] = named
	}
	c.of = append(c.of, named)
	return named.list
}

func (c *compiler) compileResources(values []policy.Value) resourceList {
	list := take(&c.patterns, len(values))
	for i, v := range values {
		list[i] = pattern.Resource(v.Text, c.doc.HasVariables(), c.doc.Kind.CompletesARNs())
	}
	return newResourceList(list)
}

// pack moves what all the statements are made of together.
func (c *compiler) pack(statements []statement) {
	names := slices.Clone(c.names)
	policy.PackActions(names)
	var patterns [][]pattern.Pattern
	for i := range statements {
		st := &statements[i]
		st.actions.patterns = names[c.of[i].from:c.of[i].to:c.of[i].to]
		patterns = append(patterns, st.resources.patterns)
		for k := range st.conditions {
			patterns = append(patterns, st.conditions[k].fixed.patterns, st.conditions[k].variable)
		}
	}
	pattern.Pack(patterns...)
}
