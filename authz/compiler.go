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
	// actions are the lists of actions, and known their numbers, by their text: many
	// statements have the same. numbers are those of the statements.
	actions []actionList
	known   map[string]int
	numbers []int
	text    []byte
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
		known:      map[string]int{},
		numbers:    make([]int, 0, len(doc.Statements)),
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

// compileActions is the list of actions; pack moves it.
func (c *compiler) compileActions(values []policy.Value) *actionList {
	c.text = c.text[:0]
	for _, v := range values {
		c.text = appendText(c.text, v.Text)
	}
	n, known := c.known[string(c.text)]
	if !known {
		n = len(c.actions)
		c.known[string(c.text)] = n
		c.actions = append(c.actions, compileActions(values))
	}
	c.numbers = append(c.numbers, n)
	return &c.actions[n]
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
	actions := slices.Clone(c.actions)
	n := 0
	for i := range actions {
		n += len(actions[i].patterns)
	}
	names := make([]policy.ActionPattern, 0, n)
	for i := range actions {
		from := len(names)
		names = append(names, actions[i].patterns...)
		actions[i].patterns = names[from:len(names):len(names)]
	}
	policy.PackActions(names)
	patterns := make([][]pattern.Pattern, 0, len(statements))
	for i := range statements {
		st := &statements[i]
		st.actions = &actions[c.numbers[i]]
		patterns = append(patterns, st.resources.patterns)
		for k := range st.conditions {
			patterns = append(patterns, st.conditions[k].fixed.patterns, st.conditions[k].variable)
		}
	}
	pattern.Pack(patterns...)
}
