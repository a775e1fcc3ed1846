package sts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

// reading is what a request is read into.
type reading struct {
	*Parameters
	credential action.Credential
}

// value is what was sent of one parameter.
type value struct {
	sent   bool
	text   string
	number int
	// members are those of a list, in the order of their numbers; of each the
	// fields as the parameter has them.
	members [][]value
}

// read makes of what was sent the parameters of the operation.
func (o *operation) read(sent wire.Query) (*Parameters, action.Credential, *wire.Refusal) {
	values, refusal := o.sort(sent)
	if refusal != nil {
		return nil, action.Credential{}, refusal
	}
	var faults violations
	r := reading{Parameters: &Parameters{}}
	for i, p := range o.parameters {
		if p.unsupported != "" {
			continue
		}
		before := len(faults)
		faults.check(p, &values[i], lowerFirst(p.name))
		if values[i].sent && len(faults) == before {
			p.put(&r, &values[i])
		}
	}
	if refusal := faults.refusal(); refusal != nil {
		return nil, action.Credential{}, refusal
	}
	if refusal := r.checkMeaning(); refusal != nil {
		return nil, action.Credential{}, refusal
	}
	if r.RoleARN != "" {
		r.Action = "sts:" + o.name
	}
	if r.credential.Kind = o.credential; o.credential != action.NoCredential {
		r.credential.RoleARN = r.RoleARN
	}
	return r.Parameters, r.credential, nil
}

// sort puts what was sent in the places of the parameters.
func (o *operation) sort(sent wire.Query) ([]value, *wire.Refusal) {
	values := make([]value, len(o.parameters))
	numbered := make([]map[int][]value, len(o.parameters))
	var unknown, refused []string
	for i := range sent {
		full, text := sent[i].Name, sent[i].Value
		if full == "Action" || full == "Version" {
			continue
		}
		base, rest, listed := strings.Cut(full, ".")
		at := slices.IndexFunc(o.parameters, func(p *parameter) bool { return p.name == base })
		if at < 0 {
			unknown = add(unknown, shortName(full))
			continue
		}
		p, v := o.parameters[at], &values[at]
		switch {
		case p.unsupported != "":
			refused = add(refused, base+" is not supported: "+p.unsupported)
		case !listed && v.sent:
			return nil, invalidParameters("The parameter " + base + " is given more than once.")
		case !listed && p.shape == list && text != "":
			return nil, invalidParameters("The parameter " + base + " is a list: send its members as " + base + ".member.1 and so on.")
		case !listed:
			v.sent, v.text = true, text
		default:
			number, field, ok := memberOf(p, rest)
			if !ok {
				unknown = add(unknown, shortName(full))
				continue
			}
			if numbered[at] == nil {
				numbered[at] = make(map[int][]value)
			}
			member := numbered[at][number]
			if member == nil {
				member = make([]value, len(p.members))
				numbered[at][number] = member
			}
			if member[field].sent {
				return nil, invalidParameters("The parameter " + shortName(full) + " is given more than once.")
			}
			member[field] = value{sent: true, text: text}
		}
	}
	switch {
	case len(unknown) > 0:
		return nil, invalidParameters("Not known as parameters of " + o.name + ": " + strings.Join(unknown, ", ") + ".")
	case len(refused) > 0:
		return nil, validationError(strings.Join(refused, "; ") + ".")
	}
	for i, members := range numbered {
		if members == nil {
			continue
		}
		name := o.parameters[i].name
		if values[i].sent {
			return nil, invalidParameters("The parameter " + name + " is given both as an empty list and with members.")
		}
		values[i].sent = true
		for n := 1; n <= len(members); n++ {
			member, ok := members[n]
			if !ok {
				return nil, invalidParameters(fmt.Sprintf("The members of %s must be numbered from 1 without gaps: there is no %s.member.%d.", name, name, n))
			}
			values[i].members = append(values[i].members, member)
		}
	}
	return values, nil
}

// memberOf reads what follows the name of a list and a dot: "member", a number, and
// the field where members have fields.
func memberOf(p *parameter, rest string) (number, field int, ok bool) {
	rest, ok = strings.CutPrefix(rest, "member.")
	if !ok || p.shape != list {
		return 0, 0, false
	}
	digits, name, named := strings.Cut(rest, ".")
	field = p.field(name)
	if field < 0 || named != (name != "") || len(digits) > 3 || digits == "" || digits[0] == '0' {
		return 0, 0, false
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, 0, false
		}
	}
	number, err := strconv.Atoi(digits)
	return number, field, err == nil
}

// add appends a name if it is not there, as long as a message can hold it.
func add(names []string, name string) []string {
	const most = 8
	if len(names) == most || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// lowerFirst is the name of a parameter as AWS's messages have it.
func lowerFirst(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}
