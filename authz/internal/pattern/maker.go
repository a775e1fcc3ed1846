package pattern

import (
	"strings"

	"github.com/sallyport-iam/sallyport/authz/internal/key"
	"github.com/sallyport-iam/sallyport/authz/policy"
)

// maker makes a pattern of parts.
type maker struct {
	Pattern
	// part is what text is taken from. The last token is a literal that was cut out
	// of it, from one place to another; or another one, then from is negative.
	part     string
	from, to int
}

// begin begins with the text of the next part.
func (m *maker) begin(part string) { m.part, m.from = part, -1 }

// addPart adds a part whose wildcards match anything.
func (m *maker) addPart(part policy.Part) {
	switch part.Kind {
	case policy.Variable:
		m.addVariable(part)
	case policy.Literal:
		m.addLiteral(part.Text)
	default:
		m.begin(part.Text)
		m.addText(0, len(part.Text), one, run)
	}
}

// addText adds a range of the part, whose wildcards become tokens of the two kinds.
func (m *maker) addText(from, to int, question, star tokenKind) {
	for from < to {
		n := strings.IndexAny(m.part[from:to], "*?")
		if n < 0 {
			m.cutLiteral(from, to)
			return
		}
		m.cutLiteral(from, from+n)
		from += n
		if m.part[from] == '?' {
			m.addToken(token{kind: question})
		} else {
			m.addToken(token{kind: star})
		}
		from++
	}
}

// cutLiteral adds a range of the part that is literal. Where it follows on the last
// one it becomes one with that, without a copy of either.
func (m *maker) cutLiteral(from, to int) {
	switch {
	case from == to:
	case m.from >= 0 && m.to == from:
		m.to = to
		m.tokens[len(m.tokens)-1].text = m.part[m.from:to]
	default:
		m.addToken(token{kind: literal, text: m.part[from:to]})
		m.from, m.to = from, to
	}
}

// addLiteral adds what is no range of the part.
func (m *maker) addLiteral(s string) {
	if s != "" {
		m.addToken(token{kind: literal, text: s})
	}
}

func (m *maker) addToken(t token) {
	m.tokens = append(m.tokens, t)
	m.from = -1
}

func (m *maker) addVariable(part policy.Part) {
	if m.template == nil {
		m.template = &template{}
	}
	all := &m.template.variables
	m.addToken(token{kind: variable, number: uint32(len(*all))})
	*all = append(*all, Variable{Key: key.New(part.Key), Default: part.Text, HasDefault: part.HasDefault})
}

// done ends the making of a pattern.
func (m *maker) done() Pattern {
	m.settle()
	m.sift()
	m.cut()
	m.measure()
	return m.Pattern
}

// settle makes one token of literals that follow on each other, and one variable
// of those that are the same.
func (m *maker) settle() {
	tokens, all := m.tokens[:0], m.Variables()
	var numbers map[Variable]uint32
	if all != nil {
		m.template.variables, numbers = nil, make(map[Variable]uint32, len(all))
	}
	for from := 0; from < len(m.tokens); {
		to := from + 1
		for to < len(m.tokens) && m.tokens[from].kind == literal && m.tokens[to].kind == literal {
			to++
		}
		t := m.tokens[from]
		switch {
		case to-from > 1:
			t.text = joined(m.tokens[from:to])
		case t.kind == variable:
			v := all[t.number]
			n, found := numbers[v]
			if !found {
				n = uint32(len(m.template.variables))
				numbers[v], m.template.variables = n, append(m.template.variables, v)
			}
			t.number = n
		}
		tokens = append(tokens, t)
		from = to
	}
	clear(m.tokens[len(tokens):])
	m.tokens = tokens
}

// joined is the text of literals.
func joined(tokens []token) string {
	var b strings.Builder
	for i := range tokens {
		b.WriteString(tokens[i].text)
	}
	return b.String()
}

// Pack moves what patterns are made of into one piece of memory, of the size that it
// takes.
func Pack(lists ...[]Pattern) {
	n := 0
	for _, list := range lists {
		for i := range list {
			n += len(list[i].tokens)
		}
	}
	all := make([]token, 0, n)
	for _, list := range lists {
		for i := range list {
			from := len(all)
			all = append(all, list[i].tokens...)
			list[i].tokens = all[from:len(all):len(all)]
		}
	}
}
