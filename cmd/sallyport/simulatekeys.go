package main

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// reading is a statement that reads condition keys.
type reading struct {
	keys []conditionKey
	// probe denies what the statement is a candidate for: what its Action,
	// Principal and Resource could match for some values of the keys. It is made
	// when it is first needed.
	probe func() *authz.Policies
}

type conditionKey struct {
	name    string // in lower case
	written string
}

// readingsOf lists the statements of a document that read condition keys, in
// conditions or policy variables.
func readingsOf(doc *policy.Document) []reading {
	var list []reading
	for i := range doc.Statements {
		s := &doc.Statements[i]
		var keys []conditionKey
		add := func(name, written string) {
			if !slices.ContainsFunc(keys, func(k conditionKey) bool { return k.name == name }) {
				keys = append(keys, conditionKey{name, written})
			}
		}
		variables := func(values []policy.Value) {
			for _, v := range values {
				for _, p := range templateOf(doc, v.Text) {
					if p.Kind == policy.Variable {
						add(p.Key, spelled(v.Text, p.Key))
					}
				}
			}
		}
		for j := range s.Conditions {
			c := &s.Conditions[j]
			add(c.Name(), c.Key)
			if c.Operator.Test.HasVariables() {
				variables(c.Values)
			}
		}
		variables(s.Resources)
		variables(s.NotResources)
		if keys != nil {
			list = append(list, reading{keys, sync.OnceValue(func() *authz.Policies { return probeOf(doc, s) })})
		}
	}
	return list
}

// templateOf takes a value apart; a malformed one has no parts.
func templateOf(doc *policy.Document, text string) []policy.Part {
	if !doc.HasVariables() {
		return []policy.Part{{Kind: policy.Text, Text: text}}
	}
	parts, _ := policy.ParseTemplate(text)
	return parts
}

// spelled finds how a text spells the key of a variable.
func spelled(text, key string) string {
	for _, rest := range strings.Split(text, "${")[1:] {
		if len(rest) >= len(key) && strings.EqualFold(rest[:len(key)], key) {
			return rest[:len(key)]
		}
	}
	return key
}

// probeOf makes of a statement one that denies its candidates.
func probeOf(doc *policy.Document, s *policy.Statement) *authz.Policies {
	probe := *s
	probe.Effect, probe.Conditions = policy.Deny, nil
	if s.Resources != nil {
		probe.Resources = make([]policy.Value, len(s.Resources))
		for i, v := range s.Resources {
			probe.Resources[i].Text, _ = generalised(doc, v.Text)
		}
	}
	if len(s.NotResources) > 0 {
		probe.NotResources = nil
		for _, v := range s.NotResources {
			// For some value of its variable, a pattern does not match.
			if text, has := generalised(doc, v.Text); !has {
				probe.NotResources = append(probe.NotResources, policy.Value{Text: text})
			}
		}
		if probe.NotResources == nil {
			probe.Resources = []policy.Value{{Text: "*"}}
		}
	}
	return authz.NewPolicies(authz.Compile(&policy.Document{
		Kind: doc.Kind, Version: doc.Version, Statements: []policy.Statement{probe},
	}))
}

// generalised puts a wildcard in the place of each policy variable, and tells
// whether there is one.
func generalised(doc *policy.Document, text string) (_ string, has bool) {
	var b strings.Builder
	for _, p := range templateOf(doc, text) {
		switch p.Kind {
		case policy.Variable:
			b.WriteByte('*')
			has = true
		case policy.Literal:
			b.WriteString("${" + p.Text + "}")
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String(), has
}

// missingKeys lists the condition keys that candidate statements read and the
// context does not have, as the first that reads one spells it.
func (q *question) missingKeys() []string {
	var missing map[string]string
	for _, a := range q.attached {
		for i := range a.document.readings {
			r := &a.document.readings[i]
			asked := false
			for _, key := range r.keys {
				if q.has(key.name) || missing[key.name] != "" {
					continue
				}
				if !asked {
					if asked = true; !q.candidate(a.layer, r.probe()) {
						break
					}
				}
				if missing == nil {
					missing = map[string]string{}
				}
				missing[key.name] = key.written
			}
		}
	}
	list := make([]string, 0, len(missing))
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		list = append(list, missing[name])
	}
	return list
}

// has tells whether the context has a key; an empty list is as good as none.
func (q *question) has(key string) bool {
	v, ok := q.request.Keys.Lookup(key)
	if list, multiple := v.List(); multiple {
		return len(list) > 0
	}
	return ok
}

// candidate puts a probe alone in a layer, and asks whether it denies.
func (q *question) candidate(layer authz.Layer, probe *authz.Policies) bool {
	c := authz.Caller{
		Type: q.caller.Type, Account: q.caller.Account, ARN: q.caller.ARN, ID: q.caller.ID,
		ParentARN: q.caller.ParentARN, ParentID: q.caller.ParentID, Provider: q.caller.Provider,
	}
	if q.caller.Boundary != nil {
		c.Boundary = authz.NewPolicies() // NotPrincipal exempts nobody who has one
	}
	r := authz.Request{}
	a := authz.Access{Action: q.access.Action, Resource: q.access.Resource, Account: q.access.Account, Kind: q.access.Kind}
	switch layer {
	case authz.LayerIdentity:
		c.Identity = probe
	case authz.LayerBoundary:
		c.Boundary = probe
	case authz.LayerSession:
		c.Session = probe
	case authz.LayerSCP:
		c.SCP = []*authz.Policies{probe}
	case authz.LayerRCP:
		a.RCP = []*authz.Policies{probe}
	case authz.LayerEndpoint:
		r.Endpoint = probe
	default:
		a.Policy = probe
	}
	return authz.Decide(&c, &r, &a).Effect == authz.ExplicitDeny
}
