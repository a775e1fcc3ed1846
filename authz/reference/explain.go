package reference

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Trace tells how a decision came about.
type Trace struct {
	// Decision is what Decide says.
	Decision authz.Decision
	// Steps are all statements of all layers: the layers in the order in which
	// they are asked for a deny, then level by level, document by document and
	// statement by statement.
	Steps []Step
}

// Step is one statement that was looked at.
type Step struct {
	Layer authz.Layer
	// Level is the level of the organization, from 0 for its root, of a service
	// or resource control policy; 0 for any other.
	Level     int
	Statement authz.Statement
	Effect    policy.Effect
	// Naming is how the Principal element of a statement that applies names the
	// caller; empty where there is none.
	Naming Naming
	// Failures are the reasons why the statement does not apply, one for each
	// element and condition that keeps it from that.
	Failures []Failure
}

// Applies tells whether the statement applies.
func (s *Step) Applies() bool { return len(s.Failures) == 0 }

// Naming is how a Principal element names a caller. Where it decides which other
// layers must allow, the strongest way counts.
type Naming string

// The ways of naming, strongest first.
const (
	// Itself: by its own ARN, id or name, or the root user by its account.
	Itself Naming = "self"
	// AsAnyone: as one of everybody, by "*".
	AsAnyone Naming = "any"
	// ByParent: the role of a session, or the user of a federated one.
	ByParent Naming = "parent"
	// ByAccount: by its account, which in the same account only delegates.
	ByAccount Naming = "account"
)

// Failure is an element of a statement that does not match, or a condition that
// does not hold. It holds no secrets: values of condition keys that people use
// as passwords are replaced by Redacted.
type Failure struct {
	Reason Reason
	// Element is the element's name: Principal, NotPrincipal, Action, NotAction,
	// Resource, NotResource or Condition. Empty for NotBound.
	Element string
	// Operator is that of a condition, as a document spells it.
	Operator string
	// Key is the condition's key, as a document spells it.
	Key string
	// Variable is the policy variable that has no value, for NoVariable.
	Variable string
	// Wanted is what the statement says, as it is written; of principals
	// TYPE:VALUE.
	Wanted []string
	// Seen is what the request has: the action, the resource, the names of the
	// caller, or the values of the condition key.
	Seen []string
}

// Reason is why an element does not match.
type Reason string

// The reasons.
const (
	// NotBound: policies of the layer do not bind this type of principal.
	NotBound Reason = "not_bound"
	// NoMatch: what was seen is not what was wanted; of a Not element, it is.
	NoMatch Reason = "no_match"
	// KeyAbsent: the request does not have the condition key.
	KeyAbsent Reason = "key_absent"
	// NoVariable: a policy variable has no value, and no default.
	NoVariable Reason = "no_variable"
	// NeedsSetOperator: the key has a list of values, which only ForAllValues
	// and ForAnyValue read.
	NeedsSetOperator Reason = "needs_set_operator"
	// Ambiguous: the request has two tags whose keys differ in case alone.
	Ambiguous Reason = "ambiguous"
)

// Redacted stands for values that a trace does not show.
const Redacted = "[redacted]"

// secretKeys are condition keys whose values are used as shared secrets, or
// may hold a presigned URL.
var secretKeys = map[string]bool{"sts:externalid": true, "aws:referer": true}

// Explain decides one access of a caller in a request, and tells of every
// statement whether it applies and if not, why. It is as slow as it is thorough:
// meant for people who ask about one decision.
func Explain(c *authz.Caller, r *authz.Request, a *authz.Access) Trace {
	q := question{caller: c, request: r, access: a}
	t := Trace{Decision: Decide(c, r, a)}
	resource := authz.LayerResource
	if a.Kind == authz.RoleTrust {
		resource = authz.LayerTrust
	}
	session := c.Type == authz.AssumedRole || c.Type == authz.FederatedUser
	identity := session || c.Type == authz.User
	account := identity || c.Type == authz.Root
	for level, p := range a.RCP {
		t.add(q, authz.LayerRCP, level, p, true)
	}
	for level, p := range c.SCP {
		t.add(q, authz.LayerSCP, level, p, account)
	}
	t.add(q, authz.LayerEndpoint, 0, r.Endpoint, true)
	t.add(q, resource, 0, a.Policy, true)
	t.add(q, authz.LayerIdentity, 0, c.Identity, identity)
	t.add(q, authz.LayerBoundary, 0, c.Boundary, identity)
	t.add(q, authz.LayerSession, 0, c.Session, session)
	return t
}

// add looks at the statements of one layer, or of one level of it.
func (t *Trace) add(q question, layer authz.Layer, level int, p *authz.Policies, binds bool) {
	for _, d := range p.Documents() {
		doc := d.Source()
		for i := range doc.Statements {
			s := &doc.Statements[i]
			step := Step{
				Layer: layer, Level: level, Effect: s.Effect,
				Statement: authz.Statement{
					Policy: doc.Name, Sid: s.Sid, File: doc.File,
					Index: s.Index, Line: s.Line, Column: s.Column,
				},
			}
			if binds {
				step.Naming, step.Failures = q.failures(doc, s)
			} else {
				step.Failures = []Failure{{Reason: NotBound, Seen: []string{q.caller.Type.String()}}}
			}
			t.Steps = append(t.Steps, step)
		}
	}
}

// failures are the elements of a statement that keep it from applying.
func (q question) failures(doc *policy.Document, s *policy.Statement) (Naming, []Failure) {
	var list []Failure
	naming := Naming("")
	if n, ok := q.principals(doc, s); ok {
		naming = n.strongest()
	} else if s.NotPrincipals != nil {
		list = append(list, Failure{Reason: NoMatch, Element: "NotPrincipal", Wanted: principalTexts(s.NotPrincipals), Seen: q.callerNames()})
	} else {
		list = append(list, Failure{Reason: NoMatch, Element: "Principal", Wanted: principalTexts(s.Principals), Seen: q.callerNames()})
	}
	if !q.actions(s) {
		f := Failure{Reason: NoMatch, Element: "Action", Wanted: texts(s.Actions), Seen: []string{q.access.Action}}
		if s.NotActions != nil {
			f.Element, f.Wanted = "NotAction", texts(s.NotActions)
		}
		list = append(list, f)
	}
	if !q.resources(doc, s) {
		f := Failure{Reason: NoMatch, Element: "Resource", Wanted: texts(s.Resources), Seen: []string{q.access.Resource}}
		if s.NotResources != nil {
			f.Element, f.Wanted = "NotResource", texts(s.NotResources)
		} else if name := q.unset(doc, s.Resources); name != "" {
			f.Reason, f.Variable = NoVariable, name
		}
		list = append(list, f)
	}
	for i := range s.Conditions {
		if c := &s.Conditions[i]; !q.condition(doc, s, c) {
			list = append(list, q.conditionFailure(doc, c))
		}
	}
	if list != nil {
		naming = ""
	}
	return naming, list
}

func (q question) conditionFailure(doc *policy.Document, c *policy.Condition) Failure {
	f := Failure{
		Reason: NoMatch, Element: "Condition", Operator: c.Operator.String(), Key: c.Key,
		Wanted: texts(c.Values),
	}
	values, list, usable := q.values(c.Key)
	if usable {
		f.Seen = append(f.Seen, values...)
	}
	unset := ""
	if c.Operator.Test.HasVariables() {
		unset = q.unset(doc, c.Values)
	}
	switch {
	case values == nil:
		f.Reason = KeyAbsent
	case !usable:
		f.Reason = Ambiguous
	case c.Operator.Test != policy.Null && c.Operator.Set == policy.NoSet && (list || multivalued(c.Key)):
		f.Reason = NeedsSetOperator
	case unset != "":
		f.Reason, f.Variable = NoVariable, unset
	}
	if secretKeys[strings.ToLower(c.Key)] && c.Operator.Test != policy.Null {
		f.Wanted, f.Seen = redacted(f.Wanted), redacted(f.Seen)
	}
	return f
}

// unset is the first policy variable among values that has neither a value nor
// a default; empty if all have one.
func (q question) unset(doc *policy.Document, values []policy.Value) string {
	for _, v := range values {
		list, _ := pieces(doc, v.Text)
		for _, p := range list {
			if p.name == "" {
				continue
			}
			if _, found := q.variable(p.name); found == notUsable || found == noValue && p.fallback == nil {
				return p.name
			}
		}
	}
	return ""
}

// callerNames are the names by which a Principal element can know the caller.
func (q question) callerNames() []string {
	c := q.caller
	var names []string
	for _, name := range []string{c.ARN, c.ParentARN, c.ID, c.ParentID, c.Account, c.CanonicalID, c.Provider} {
		if name != "" && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return []string{c.Type.String()}
	}
	return names
}

func (n named) strongest() Naming {
	switch {
	case n.self:
		return Itself
	case n.any:
		return AsAnyone
	case n.parent:
		return ByParent
	case n.account:
		return ByAccount
	}
	return ""
}

func texts(values []policy.Value) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = v.Text
	}
	return list
}

func principalTexts(list []policy.Principal) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = string(p.Type) + ":" + p.Value
	}
	return names
}

func redacted(values []string) []string {
	list := make([]string, len(values))
	for i := range list {
		list[i] = Redacted
	}
	return list
}
