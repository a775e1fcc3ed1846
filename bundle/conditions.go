package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// A condition key that nothing fills is never present: a Deny on it may never
// apply, or always, and neither shows. So each statement that reads such a key is
// judged for each route that can produce one of its actions.

// keyUse is a place where a statement reads a condition key.
type keyUse struct {
	key  string // lower case
	name string // as written
	at   policy.Position
	// condition is nil if the key is read as a policy variable.
	condition *policy.Condition
}

// keyFilled remembers what routes say of one key: for each route, which of its
// actions can have it.
type keyFilled [][]bool

// keyReader is a key and how a statement that reads it is asked.
type keyReader struct {
	key string
	by  asked
}

// circumstances are what the judgement of a document follows from, beside the document
// and the options: as text, which differs if they do.
type circumstances string

// judgedKey is everything that a judgement follows from.
type judgedKey struct {
	document *document
	under    *circumstances
}

// judgement is what is found in a document, and the keys among those assumed to be
// absent that it reads.
type judgement struct {
	findings []policy.Finding
	assumed  []string
}

// nothing is the judgement of most documents.
var nothing = &judgement{}

// checkConditions judges the condition keys of all documents.
func (b *builder) checkConditions() {
	if len(b.opts.Routes) == 0 {
		b.report("bundle.yaml", policy.Position{}, policy.Note, "ROUTES_UNKNOWN",
			"no routes are given: condition keys that nothing fills were not looked for", "")
		return
	}
	callers := b.newCallerKeys()
	under := circumstances(fmt.Sprintf("%q %q %q %t %q", callers.sessions, callers.claims, keysOf(b.settings.absent), b.sessions(), b.declared))
	if b.made.under == nil || *b.made.under != under {
		b.made.under = &under
	}
	judge := &judge{builder: b, callers: callers, filled: map[keyReader]keyFilled{}, matching: map[string]matches{}, clean: map[shape]*judgement{}}
	used := map[string]bool{}
	for _, d := range b.documents {
		_ = b.pace.step()
		if d.compiled == nil {
			continue
		}
		known := b.made.judged.of(judgedKey{d, b.made.under}, func() *judgement { return judge.of(d) })
		b.findings = append(b.findings, known.findings...)
		for _, key := range known.assumed {
			used[key] = true
		}
	}
	for _, key := range keysOf(b.settings.absent) {
		at := b.settings.absent[key]
		switch {
		case callers.sessions.has(key) || slices.ContainsFunc(filledBy(b.opts.Routes, key), func(actions []bool) bool { return slices.Contains(actions, true) }):
			b.report("bundle.yaml", at, policy.Warning, "ASSUMED_KEY_IS_FILLED", fmt.Sprintf("%s is assumed to be absent and is filled here", key), "remove the assumption: it settles nothing")
		case !used[key]:
			b.report("bundle.yaml", at, policy.Note, "UNUSED_ASSUMPTION", fmt.Sprintf("no statement reads %s", key), "remove the assumption")
		}
	}
}

// judge judges documents, and remembers what many of them have in common.
type judge struct {
	*builder
	callers *callerKeys
	filled  map[keyReader]keyFilled
	// matching are which actions of routes are matched, by the patterns.
	matching map[string]matches
	// clean are the judgements of documents in which nothing was found.
	clean    map[shape]*judgement
	patterns []byte
	found    []policy.Finding
}

// of judges a document.
func (j *judge) of(d *document) *judgement {
	// To judge one that was released it must be parsed again, and there may be many.
	if !d.compiled.ReadsKeys() {
		return nothing
	}
	if known := j.clean[d.shape]; known != nil {
		return known
	}
	doc, known := d.compiled.Source(), j.callers.of(d)
	var assumed []string
	j.found = nil
	for i := range doc.Statements {
		statement := &doc.Statements[i]
		by := j.askedBy(d, statement)
		if by == (asked{}) {
			continue
		}
		for _, use := range keyUses(doc, statement) {
			if known.has(use.key) {
				continue
			}
			if _, ok := j.settings.absent[use.key]; ok && !slices.Contains(assumed, use.key) {
				assumed = append(assumed, strings.Clone(use.key)) // nothing of the document
			}
			reader := keyReader{use.key, by}
			if j.filled[reader] == nil {
				j.filled[reader] = filledBy(j.routesTo(by), use.key)
			}
			j.use(d, statement, use, by, j.filled[reader])
		}
	}
	judged := nothing
	if len(j.found)+len(assumed) > 0 {
		judged = &judgement{j.found, assumed}
	}
	if len(j.found) == 0 && d.shape != (shape{}) {
		j.clean[d.shape] = judged
	}
	return judged
}

// matches are, for each route, which of its actions a statement matches.
type matches [][]bool

// mostMatches bounds what is remembered of them.
const mostMatches = 1024

// matches are those of a statement that is asked in some way.
func (j *judge) matches(s *policy.Statement, by asked) matches {
	list := s.Actions
	if s.NotActions != nil {
		list = s.NotActions
	}
	key := fmt.Appendf(j.patterns[:0], "%t%t%t%t", by.routes, by.bearer, by.certificate, s.NotActions != nil)
	for _, v := range list {
		key = append(append(key, '\n'), v.Text...)
	}
	j.patterns = key
	if known, ok := j.matching[string(key)]; ok {
		return known
	}
	routes := j.routesTo(by)
	found := make(matches, len(routes))
	for i, r := range routes {
		found[i] = make([]bool, len(r.Actions))
		for k, action := range r.Actions {
			found[i][k] = s.CanMatchAction(action)
		}
	}
	if len(j.matching) == mostMatches {
		clear(j.matching)
	}
	j.matching[string(key)] = found
	return found
}

func (j *judge) report(file string, at policy.Position, severity policy.Severity, code, message, remedy string) {
	j.found = append(j.found, finding(file, at, severity, code, message, remedy))
}

// checkObserved refuses several accounts behind a route that enforces no
// policy.
func (b *builder) checkObserved() {
	if len(b.settings.accounts) < 2 {
		return
	}
	for _, r := range b.opts.Routes {
		if r.Observe {
			accounts := keysOf(b.settings.accounts)
			b.error("bundle.yaml", b.settings.accounts[accounts[1]], "OBSERVED_ACCOUNTS",
				fmt.Sprintf("the route %q observes, and the bundle has %d accounts: nothing would keep one from what belongs to another", r.Name, len(accounts)),
				"set mode: enforce on the route, or keep one account")
		}
	}
}

// keyUses are the keys that a statement reads, each place once.
func keyUses(doc *policy.Document, s *policy.Statement) []keyUse {
	var uses []keyUse
	variables := func(values []policy.Value) {
		for _, v := range values {
			if !doc.HasVariables() || !strings.Contains(v.Text, "${") {
				continue
			}
			parts, _ := policy.ParseTemplate(v.Text)
			for _, p := range parts {
				if p.Kind == policy.Variable && !p.HasDefault {
					uses = append(uses, keyUse{key: p.Key, name: p.Key, at: v.Position})
				}
			}
		}
	}
	variables(s.Resources)
	variables(s.NotResources)
	for i := range s.Conditions {
		c := &s.Conditions[i]
		uses = append(uses, keyUse{key: c.Name(), name: c.Key, at: c.KeyPosition, condition: c})
		if c.Operator.Test.HasVariables() {
			variables(c.Values)
		}
	}
	return uses
}

func filledBy(routes []Route, key string) keyFilled {
	filled := make(keyFilled, len(routes))
	for i, r := range routes {
		filled[i] = make([]bool, len(r.Actions))
		for j, action := range r.Actions {
			filled[i][j] = r.Fills != nil && r.Fills(action, key)
		}
	}
	return filled
}

// use reports a use of a key that is filled for none of the statement's actions on
// some route.
func (j *judge) use(d *document, s *policy.Statement, use keyUse, by asked, filled keyFilled) {
	var never, elsewhere []string // routes
	matched := false
	matches := j.matches(s, by)
	for i, r := range j.routesTo(by) {
		candidate, present := false, false
		for k, matches := range matches[i] {
			if matches {
				candidate = true
				if present = filled[i][k]; present {
					break
				}
			}
		}
		matched = matched || candidate
		switch {
		case !candidate || present:
		case slices.Contains(filled[i], true):
			elsewhere = append(elsewhere, r.Name)
		default:
			never = append(never, r.Name)
		}
	}
	_, assumed := j.settings.absent[use.key]
	always := use.alwaysHolds()
	switch {
	case matched && len(never) == 0 && len(elsewhere) == 0:
	case always && s.Effect == policy.Deny && matched:
		severity := policy.Error
		if assumed || len(never) == 0 {
			severity = policy.Warning
		}
		j.report(d.file, use.at, severity, "ALWAYS_DENIES",
			fmt.Sprintf("nothing fills %s for the actions of this Deny on %s, and %s holds without it: the condition restricts nothing", use.name, routeList(append(never, elsewhere...)), use.condition.Operator),
			"remove the condition"+settlement(use, severity))
	case assumed:
	case len(never) > 0:
		j.report(d.file, use.at, policy.Error, "UNFILLED_CONDITION_KEY",
			fmt.Sprintf("nothing fills %s on %s, so %s", use.name, routeList(never), use.outcome(always)),
			"use another key"+settlement(use, policy.Error))
	case len(elsewhere) > 0:
		j.report(d.file, use.at, policy.Warning, "KEY_NOT_FOR_ACTION",
			fmt.Sprintf("%s is never present for the actions of this statement on %s, so %s", use.name, routeList(elsewhere), use.outcome(always)),
			"put it into a statement with the actions that have it")
	case !matched && !slices.ContainsFunc(filled, func(actions []bool) bool { return slices.Contains(actions, true) }):
		j.report(d.file, use.at, policy.Note, "UNFILLED_CONDITION_KEY",
			fmt.Sprintf("nothing fills %s here; no route produces an action of this statement, so nothing depends on it", use.name), "")
	}
}

func settlement(use keyUse, severity policy.Severity) string {
	if severity != policy.Error {
		return ""
	}
	return fmt.Sprintf(", or settle it in bundle.yaml with assume: {%s: absent}", use.name)
}

// outcome says what becomes of the statement without the key.
func (u *keyUse) outcome(always bool) string {
	switch {
	case u.condition == nil:
		return "nothing matches what holds the variable ${" + u.name + "}"
	case always:
		return "the condition " + u.condition.Operator.String() + " always holds"
	default:
		return "the condition " + u.condition.Operator.String() + " never holds"
	}
}

func routeList(names []string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if slices.Contains(names, AnyRoute) {
		return "any route"
	}
	if len(names) == 1 {
		return fmt.Sprintf("route %q", names[0])
	}
	return fmt.Sprintf("routes %q", names)
}

// alwaysHolds tells whether the condition holds when the key is absent.
func (u *keyUse) alwaysHolds() bool {
	if u.condition == nil {
		return false
	}
	switch op := u.condition.Operator; {
	case op.Set != policy.NoSet:
		return op.Set == policy.ForAllValues
	case op.Test == policy.Null:
		return slices.ContainsFunc(u.condition.Values, func(v policy.Value) bool { return strings.EqualFold(v.Text, "true") })
	default:
		return op.IfExists || op.Negated()
	}
}
