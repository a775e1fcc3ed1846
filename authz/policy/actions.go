package policy

import (
	"fmt"
	"strings"
)

// vain gives the severity of an entry that AWS rejects or that can never
// match: an error where the statement would deny less, or allow more, than it
// seems to.
func (s *Statement) vain(negated bool) Severity {
	if (s.Effect == Deny) != negated {
		return Error
	}
	return Warning
}

func (r *reader) actions(s *Statement, yes, no *member) {
	switch {
	case yes != nil:
		s.Actions = r.list(&yes.value, "Action")
	case no == nil:
		r.error(s.Position, "MISSING_ACTION", "the statement has neither Action nor NotAction", `add "Action"`)
	}
	if no != nil {
		s.NotActions = r.list(&no.value, "NotAction")
		if r.kind == RCP {
			r.error(no.Position, "UNSUPPORTED_ELEMENT", "a resource control policy has no NotAction", `list the actions under "Action"`)
		}
	}
	for _, v := range s.Actions {
		r.action(s, v, false)
	}
	for _, v := range s.NotActions {
		r.action(s, v, true)
	}
}

func (r *reader) action(s *Statement, v Value, negated bool) {
	r.noVariable(v, "Action")
	prefix, _, colon := strings.Cut(v.Text, ":")
	switch {
	case v.Text == "*" && r.kind == RCP:
		r.error(v.Position, "UNSUPPORTED_ACTION", `a resource control policy cannot hold the action "*"`, `name the service: "s3:*"`)
	case v.Text == "*" && (r.kind != Trust || negated):
	case r.kind == Trust && !negated && lowerASCII(prefix) != "sts":
		r.error(v.Position, "UNSUPPORTED_ACTION", fmt.Sprintf("a trust policy cannot hold the action %q", v.Text), `write actions of sts, such as "sts:AssumeRole"`)
	case !colon:
		r.error(v.Position, "INVALID_ACTION", fmt.Sprintf("the action %q has no service prefix", v.Text), `write "service:Name", e.g. "s3:GetObject"`)
	case !matchesSomething(v.Text):
		r.add(s.vain(negated), v.Position, "INVALID_ACTION", fmt.Sprintf("the action %q matches nothing", v.Text), `write a service's name, a colon and a name without white space; wildcards may stand in the name alone, and "*" for every action`)
	}
}

func matchesSomething(action string) bool {
	_, ok := ParseAction(action)
	return ok
}
