package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// object is the keys that a mapping of the file may have, in the order of the
// reference.
type object []key

// key is one key of the file.
type key struct {
	name     string
	required bool
	// meaning is the sentence or two of the reference.
	meaning string
	value   value
}

// value is where the value of a key goes and what it may be.
type value interface {
	// describe says what may be written.
	describe() description
	// absent sets the value that applies when the key is not written.
	absent(d *decoder)
	// decode reads what is written; problems go to the decoder.
	decode(d *decoder, name string, node ast.Node)
}

// description is what the reference says of a value.
type description struct {
	kind     string
	fallback string
	// keys are those of a mapping, or of each mapping of a list.
	keys object
	list bool
}

// misfit says why a text is not a value of its kind. An empty message stands
// for "is not a KIND", an empty remedy for an example. The text itself is shown
// unless it may hold a secret.
type misfit struct {
	message, remedy string
	secret          bool
}

// scalar is a value written as a single text.
type scalar[T any] struct {
	into *T
	// kind is what the reference calls the value and messages say it is not.
	kind, example string
	// fallback is the default as it would be written.
	fallback string
	// number allows a number without quotes.
	number bool
	parse  func(d *decoder, text string) (T, *misfit)
}

func (s scalar[T]) describe() description {
	return description{kind: s.kind, fallback: s.fallback}
}

func (s scalar[T]) absent(d *decoder) {
	if s.fallback == "" {
		return
	}
	if v, wrong := s.parse(d, s.fallback); wrong == nil {
		*s.into = v
	}
}

func (s scalar[T]) decode(d *decoder, name string, node ast.Node) {
	d.places[s.into] = place(node)
	written, text, ok := d.text(name, node, s.number, s.example)
	if !ok {
		return
	}
	v, wrong := s.parse(d, text)
	if wrong != nil {
		message := wrong.message
		if message == "" {
			message = "is not " + article(s.kind)
		}
		remedy := wrong.remedy
		if remedy == "" {
			remedy = "write for example " + s.example
		}
		shown := name + " " + quote(written)
		if wrong.secret {
			shown = name
		}
		if written != text {
			// What variables hold is not shown, and a remedy might show it.
			message, remedy = "stands for a text that "+message, "set the variable to for example "+s.example
		}
		d.problem(place(node), shown+" "+message, remedy)
		return
	}
	*s.into = v
}

// article puts a or an before a kind.
func article(kind string) string {
	switch {
	case strings.HasPrefix(kind, "one of "):
		return kind
	case strings.ContainsRune("aeiou", rune(kind[0])):
		return "an " + kind
	default:
		return "a " + kind
	}
}

// scalars is a list of single texts, none of them twice.
type scalars[T comparable] struct {
	into    *[]T
	element func(into *T) value
}

func (s scalars[T]) describe() description {
	one := s.element(new(T)).describe()
	return description{kind: "list: " + one.kind}
}

func (s scalars[T]) absent(*decoder) {}

func (s scalars[T]) decode(d *decoder, name string, node ast.Node) {
	d.places[s.into] = place(node)
	items, ok := d.items(name, node)
	if !ok {
		return
	}
	*s.into = make([]T, len(items))
	for i, item := range items {
		s.element(&(*s.into)[i]).decode(d, name, item)
	}
	var empty T
	seen := make(map[T]bool, len(items))
	for i, v := range *s.into {
		if v != empty && seen[v] {
			d.problem(place(items[i]), fmt.Sprintf("%s has %s twice", name, quote(fmt.Sprint(v))), "remove one of them")
		}
		seen[v] = true
	}
}

// section is a mapping whose keys have their defaults if it is absent.
type section[T any] struct {
	into *T
	keys func(*T) object
}

func (s section[T]) describe() description {
	return description{kind: "section", keys: s.keys(new(T))}
}

func (s section[T]) absent(d *decoder) {
	for _, k := range s.keys(s.into) {
		k.value.absent(d)
	}
}

func (s section[T]) decode(d *decoder, name string, node ast.Node) {
	d.places[s.into] = place(node)
	d.mapping(name, node, s.keys(s.into))
}

// optional is a mapping that may be left out altogether.
type optional[T any] struct {
	into **T
	keys func(*T) object
}

func (o optional[T]) describe() description {
	return description{kind: "section", keys: o.keys(new(T))}
}

func (o optional[T]) absent(*decoder) {}

func (o optional[T]) decode(d *decoder, name string, node ast.Node) {
	*o.into = new(T)
	section[T]{into: *o.into, keys: o.keys}.decode(d, name, node)
}

// sections is a list of mappings.
type sections[T any] struct {
	into *[]T
	keys func(*T) object
}

func (s sections[T]) describe() description {
	return description{kind: "list", keys: s.keys(new(T)), list: true}
}

func (s sections[T]) absent(*decoder) {}

func (s sections[T]) decode(d *decoder, name string, node ast.Node) {
	d.places[s.into] = place(node)
	items, ok := d.items(name, node)
	if !ok {
		return
	}
	*s.into = make([]T, len(items))
	for i, item := range items {
		element := section[T]{into: &(*s.into)[i], keys: s.keys}
		element.decode(d, "an entry of "+name, item)
	}
}

// nearest is the candidate that a misspelt name was probably meant to be; empty
// if none is near.
func nearest(name string, candidates []string) string {
	best, distance := "", 3
	if len(name) < 4 {
		distance = 2
	}
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	for _, candidate := range candidates {
		if n := edits(name, candidate); n < distance {
			best, distance = candidate, n
		}
	}
	return best
}

// edits counts the insertions, deletions and replacements between two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// names are the keys of an object.
func (o object) names() []string {
	names := make([]string, len(o))
	for i, k := range o {
		names[i] = k.name
	}
	return names
}

// sortedNames are the keys of an object for a message.
func (o object) sortedNames() string {
	names := o.names()
	slices.Sort(names)
	return strings.Join(names, ", ")
}
