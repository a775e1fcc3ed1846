package pattern

import (
	"slices"
	"strings"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// arnFields is the number of fields of an ARN. The last one keeps its colons.
const arnFields = 6

// Resource compiles an entry of a Resource or NotResource element. Wildcards
// stay in their field, but for those of the last field and for a "*" at the end
// of a field, which may run on over colons. complete reads an ARN with fewer
// than six fields as if the missing ones were "*". A variable before the fifth
// colon, or a malformed one, makes an entry that never matches.
func Resource(s string, variables, complete bool) Pattern {
	if s == "*" {
		return Glob(s, false)
	}
	split, ok := parts(s, variables)
	if !ok || !strings.HasPrefix(s, "arn:") {
		return Never()
	}
	var m maker
	field := 1
	for i, part := range split {
		if part.Kind != policy.Text {
			m.addPart(part)
			continue
		}
		m.begin(part.Text)
		at := 0
		for field < arnFields {
			end, colon := m.field(at)
			if !colon && i+1 < len(split) {
				return Never() // a variable follows
			}
			m.addField(at, end)
			if at = end; !colon {
				break
			}
			m.cutLiteral(at, at+1)
			at++
			field++
		}
		m.addText(at, len(part.Text), one, run)
	}
	for ; complete && field < arnFields; field++ {
		m.addLiteral(":")
		m.addToken(token{kind: run})
	}
	return m.done()
}

// field is where a field of the part ends that begins at a place: at a colon, or with
// the part.
func (m *maker) field(at int) (end int, colon bool) {
	if n := strings.IndexByte(m.part[at:], ':'); n >= 0 {
		return at + n, true
	}
	return len(m.part), false
}

// addField adds a whole field before the last.
func (m *maker) addField(from, to int) {
	inside := from + len(strings.TrimRight(m.part[from:to], "*"))
	m.addText(from, inside, oneInField, runInField)
	m.addText(inside, to, oneInField, run)
}

// ARN compiles a value of an ARN operator: six fields in which wildcards stay,
// the last of which keeps its colons. ok is false if it has fewer.
func ARN(s string, variables bool) (p Pattern, ok bool) {
	split, ok := parts(s, variables)
	if !ok {
		return Never(), true // malformed variables match nothing
	}
	p = arn(split)
	return p, p.template != nil || !p.never
}

// arn compiles parts. If they hold no variable and too few fields the pattern
// is never.
func arn(split []policy.Part) Pattern {
	var m maker
	field := 1
	for _, part := range split {
		if part.Kind == policy.Variable {
			m.addVariable(part)
			if field < arnFields {
				m.template.source = split
			}
			continue
		}
		if part.Kind == policy.Literal {
			m.addLiteral(part.Text)
			field = min(field+strings.Count(part.Text, ":"), arnFields)
			continue
		}
		m.begin(part.Text)
		at := 0
		for field < arnFields {
			end, colon := m.field(at)
			m.addText(at, end, oneInField, runInField)
			if at = end; !colon {
				break
			}
			m.cutLiteral(at, at+1)
			at++
			field++
		}
		m.addText(at, len(part.Text), one, run)
	}
	m.never = field < arnFields
	return m.done()
}

// MatchARN is Match for a pattern made by ARN. readable is false if what the
// variables make of the pattern is no ARN.
func (p *Pattern) MatchARN(text string, values []string, places *Places) (matched, readable bool) {
	if p.Moves() && (p.never || anyColon(values)) {
		q := arn(p.substitute(values))
		return q.Match(text, nil, places), !q.never
	}
	return p.Match(text, values, places), true
}

// Moves tells whether a value can move what follows it to another field of the
// ARN, so that MatchARN may have to compile the pattern anew.
func (p *Pattern) Moves() bool { return p.template != nil && p.template.source != nil }

// anyColon tells whether a value could move what follows it to another field.
func anyColon(values []string) bool {
	for _, v := range values {
		if strings.Contains(v, ":") {
			return true
		}
	}
	return false
}

// substitute puts the values, which are literal, in the place of the variables of
// the source. The tokens are in its order.
func (p *Pattern) substitute(values []string) []policy.Part {
	out := slices.Clone(p.template.source)
	t := 0
	for i := range out {
		if out[i].Kind != policy.Variable {
			continue
		}
		for p.tokens[t].kind != variable {
			t++
		}
		out[i] = policy.Part{Kind: policy.Literal, Text: values[p.tokens[t].number]}
		t++
	}
	return out
}

// IsARN tells whether a text has the six fields of an ARN.
func IsARN(text string) bool { return strings.Count(text, ":") >= arnFields-1 }
