package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Print writes a document as JSON text that Parse reads as the same document,
// positions aside: lists are arrays, and conditions strings.
func Print(d *Document) []byte {
	var p printer
	p.object(func() {
		if d.Version != "" {
			p.field("Version", d.Version)
		}
		if d.ID != "" {
			p.field("Id", d.ID)
		}
		p.name("Statement")
		p.array(len(d.Statements), func(i int) { p.statement(&d.Statements[i]) })
	})
	return append(p.text, '\n')
}

// printer writes indented JSON.
type printer struct {
	text   []byte
	indent int
	filled bool // the bracket that is open holds something
}

func (p *printer) open(c byte) {
	p.text = append(p.text, c)
	p.indent++
	p.filled = false
}

func (p *printer) close(c byte) {
	p.indent--
	if p.filled {
		p.line()
	}
	p.text = append(p.text, c)
	p.filled = true
}

func (p *printer) line() {
	p.text = append(p.text, '\n')
	for range p.indent {
		p.text = append(p.text, "  "...)
	}
}

// next begins a member or an item.
func (p *printer) next() {
	if p.filled {
		p.text = append(p.text, ',')
	}
	p.line()
	p.filled = true
}

func (p *printer) object(members func()) {
	p.open('{')
	members()
	p.close('}')
}

func (p *printer) array(n int, item func(i int)) {
	p.open('[')
	for i := range n {
		p.next()
		item(i)
	}
	p.close(']')
}

func (p *printer) name(name string) {
	p.next()
	p.quote(name)
	p.text = append(p.text, ": "...)
}

func (p *printer) field(name, value string) {
	p.name(name)
	p.quote(value)
}

func (p *printer) values(name string, values []Value) {
	if values != nil {
		p.name(name)
		p.array(len(values), func(i int) { p.quote(values[i].Text) })
	}
}

func (p *printer) statement(s *Statement) {
	p.object(func() {
		if s.Sid != "" {
			p.field("Sid", s.Sid)
		}
		p.field("Effect", s.Effect.String())
		p.principals("Principal", s.Principals)
		p.principals("NotPrincipal", s.NotPrincipals)
		p.values("Action", s.Actions)
		p.values("NotAction", s.NotActions)
		p.values("Resource", s.Resources)
		p.values("NotResource", s.NotResources)
		if len(s.Conditions) > 0 {
			p.name("Condition")
			p.object(func() { p.conditions(s.Conditions) })
		}
	})
}

// principals groups the entries by type, as an object can name each once.
func (p *printer) principals(name string, list []Principal) {
	if list == nil {
		return
	}
	p.name(name)
	p.object(func() {
		printed := make(map[PrincipalType]bool, len(principalTypes))
		for i, first := range list {
			if printed[first.Type] {
				continue
			}
			printed[first.Type] = true
			var values []Value
			for _, entry := range list[i:] {
				if entry.Type == first.Type {
					values = append(values, Value{Text: entry.Value})
				}
			}
			p.values(string(first.Type), values)
		}
	})
}

// conditions groups the keys by operator, as an object can name each once.
func (p *printer) conditions(list []Condition) {
	printed := make(map[Operator]bool, len(list))
	for i := range list {
		op := list[i].Operator
		if printed[op] {
			continue
		}
		printed[op] = true
		p.name(op.String())
		p.object(func() {
			for j := i; j < len(list); j++ {
				if list[j].Operator == op {
					p.values(list[j].Key, list[j].Values)
				}
			}
		})
	}
}

// quote writes a string and escapes what IAM does not take as it is.
func (p *printer) quote(s string) {
	p.text = append(p.text, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			p.text = append(p.text, '\\', byte(c))
		case ' ' <= c && c <= '~' || 0xA0 <= c && c <= 0xFF:
			p.text = utf8.AppendRune(p.text, c)
		case c > 0xFFFF:
			c -= 0x10000
			p.unicode(0xD800 + c>>10)
			p.unicode(0xDC00 + c&0x3FF)
		default:
			p.unicode(c)
		}
	}
	p.text = append(p.text, '"')
}

func (p *printer) unicode(c rune) {
	hex := strconv.FormatInt(int64(c), 16)
	p.text = append(p.text, `\u`...)
	p.text = append(p.text, strings.Repeat("0", 4-len(hex))...)
	p.text = append(p.text, hex...)
}
