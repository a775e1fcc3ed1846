package policy

import (
	"fmt"
	"strings"
)

func (r *reader) resources(s *Statement, yes, no *member) {
	switch {
	case r.kind == Trust:
		for _, m := range []*member{yes, no} {
			if m != nil {
				r.error(m.Position, "UNSUPPORTED_ELEMENT", "a role trust policy has no "+m.name, "remove it: the role is the resource")
			}
		}
		return
	case yes == nil && no == nil:
		if r.kind != Resource {
			r.error(s.Position, "MISSING_RESOURCE", "the statement has neither Resource nor NotResource", `add "Resource"`)
		}
		return
	}
	if yes != nil {
		s.Resources = r.list(&yes.value, "Resource")
	}
	if no != nil {
		s.NotResources = r.list(&no.value, "NotResource")
		if r.kind == SCP && s.Effect == Allow {
			r.warn(no.Position, "UNSUPPORTED_ELEMENT", "NotResource in an Allow of a service control policy", `write "Resource": "*" and deny the rest`)
		}
	}
	for _, v := range s.Resources {
		r.resource(s, v, false)
	}
	for _, v := range s.NotResources {
		r.resource(s, v, true)
	}
}

func (r *reader) resource(s *Statement, v Value, negated bool) {
	if v.Text == "*" {
		return
	}
	if !negated && r.kind == SCP && s.Effect == Allow {
		r.error(v.Position, "UNSUPPORTED_RESOURCE", fmt.Sprintf("an Allow of a service control policy cannot hold the resource %q", v.Text), `write "*"`)
		return
	}
	if !strings.HasPrefix(v.Text, "arn:") {
		r.error(v.Position, "INVALID_ARN_PREFIX", fmt.Sprintf(`the resource %q is neither "*" nor an ARN`, v.Text), `write "arn:aws:…"`)
		return
	}
	parts, ok := r.template(v)
	if !ok {
		return
	}
	fields, early := arnFields(parts)
	if early {
		r.warn(v.Position, "VARIABLE_UNSUPPORTED_IN_ELEMENT", fmt.Sprintf("%q holds a variable before its fifth colon and matches nothing", v.Text), "write the value itself, or a wildcard")
	}
	if len(fields) < 6 {
		r.incomplete(s, v, negated)
	}
	if len(fields) < 3 {
		return
	}
	switch service := fields[2]; {
	case strings.ContainsAny(service, "*?"):
		r.note(v.Position, "WILDCARD_IN_SERVICE_NAME", fmt.Sprintf("a wildcard in the service of %q", v.Text), "name the service")
	case service != strings.ToLower(service):
		r.warn(v.Position, "INVALID_ARN_SERVICE_CASE", fmt.Sprintf("the service of %q is not in lower case, so that no resource matches", v.Text), "write "+strings.ToLower(service))
	}
}

// incomplete reports an ARN with fewer than six fields, where it is not
// completed.
func (r *reader) incomplete(s *Statement, v Value, negated bool) {
	const remedy = `write all six fields, e.g. "arn:aws:sqs:*:*:*"`
	switch {
	case r.kind.CompletesARNs():
	case r.kind == Session || r.kind == SCP || r.kind == RCP:
		r.error(v.Position, "MISSING_ARN_FIELD", fmt.Sprintf("a %s needs complete ARNs, and %q has fewer than six fields", r.kind, v.Text), remedy)
	case !strings.ContainsAny(v.Text, "*?"):
		r.add(s.vain(negated), v.Position, "MISSING_ARN_FIELD", fmt.Sprintf("%q has fewer than six fields and matches nothing", v.Text), remedy)
	}
}

// template splits a value that may hold variables, and reports a malformed
// one.
func (r *reader) template(v Value) ([]Part, bool) {
	if r.version != Version2012 {
		if strings.Contains(v.Text, "${") {
			r.warn(v.Position, "VARIABLE_UNSUPPORTED_IN_VERSION", fmt.Sprintf("%q is literal text, as the Version is not 2012-10-17", v.Text), `write "Version": "2012-10-17"`)
		}
		return []Part{{Kind: Text, Text: v.Text}}, true
	}
	parts, err := ParseTemplate(v.Text)
	if err != nil {
		r.error(v.Position, variableCodes[err], fmt.Sprintf("%v: %q", err, v.Text), "write ${prefix:name}, ${prefix:name, 'default'}, or ${$} for a dollar sign")
		return nil, false
	}
	return parts, true
}

// arnFields splits a template at its first five colons, those inside variables
// not counted. early tells whether a variable stands before the fifth.
func arnFields(parts []Part) (fields []string, early bool) {
	if len(parts) == 1 && parts[0].Kind == Text {
		return strings.SplitN(parts[0].Text, ":", 6), false
	}
	fields = []string{""}
	for _, p := range parts {
		if p.Kind != Text {
			early = early || len(fields) < 6
			continue
		}
		split := strings.SplitN(p.Text, ":", 7-len(fields))
		fields[len(fields)-1] += split[0]
		fields = append(fields, split[1:]...)
	}
	return fields, early
}
