package bundle_test

import (
	"fmt"
	"reflect"
)

// sameness compares all that two values lead to, whoever can see it: values, and
// which of them are shared.
type sameness struct {
	// pairs are, for what is at an address in the one value, what stands for it in
	// the other; back the other way round.
	pairs, back map[visit]visit
}

type visit struct {
	address uintptr
	kind    reflect.Type
}

// lazy are the fields that change while a snapshot serves, or that are numbers of
// their own for each thing that is made.
var lazy = map[string]bool{
	"authz.Document.number": true, "authz.Document.own": true, "authz.Document.once": true,
	"authz.Document.ownReads": true, "authz.Document.readsOnce": true,
	"authz.Document.readsText": true, "authz.Document.textOnce": true,
	"authz.source.parsed": true, "authz.source.again": true,
	"authz.Policies.identity": true, "authz.prepared.number": true, "authz.readTable.number": true,
	"authz.layerReads.known": true, "authz.layerReads.adding": true, "authz.layerReads.sets": true, "authz.layerReads.kept": true,
}

// difference is the way to the first difference; empty if there is none.
func difference(a, b any) string {
	s := sameness{pairs: map[visit]visit{}, back: map[visit]visit{}}
	return s.compare(reflect.ValueOf(a), reflect.ValueOf(b))
}

func differ(a, b any) string { return fmt.Sprintf(": %v and %v", a, b) }

func (s *sameness) compare(a, b reflect.Value) string {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return differ(a, b)
	}
	switch a.Kind() {
	case reflect.Invalid:
	case reflect.Pointer:
		switch {
		case a.IsNil() && b.IsNil():
		case a.IsNil() || b.IsNil():
			return differ(a, b)
		default:
			return s.pointers(a, b)
		}
	case reflect.Interface:
		return s.compare(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			name := a.Type().Field(i).Name
			if lazy[a.Type().String()+"."+name] {
				continue
			}
			if d := s.compare(a.Field(i), b.Field(i)); d != "" {
				return "." + name + d
			}
		}
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return differ(a, b)
		}
		for i := range a.Len() {
			if d := s.compare(a.Index(i), b.Index(i)); d != "" {
				return fmt.Sprintf("[%d]%s", i, d)
			}
		}
	case reflect.Map:
		if a.Len() != b.Len() {
			return differ(a, b)
		}
		for _, key := range a.MapKeys() {
			if d := s.compare(a.MapIndex(key), b.MapIndex(key)); d != "" {
				return fmt.Sprintf("[%v]%s", key, d)
			}
		}
	case reflect.Func:
		if a.IsNil() != b.IsNil() {
			return differ(a, b)
		}
	default:
		if !a.Equal(b) {
			return differ(a, b)
		}
	}
	return ""
}

func (s *sameness) pointers(a, b reflect.Value) string {
	from, to := visit{a.Pointer(), a.Type()}, visit{b.Pointer(), b.Type()}
	known, seen := s.pairs[from]
	other, also := s.back[to]
	if seen && known != to || also && other != from {
		return ": shared otherwise"
	}
	if seen {
		return ""
	}
	s.pairs[from], s.back[to] = to, from
	return s.compare(a.Elem(), b.Elem())
}
