package wire_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestEmpty: nothing of a request is left in the memory that it gives back.
func TestEmpty(t *testing.T) {
	t.Parallel()
	const mine = "mine"
	r := &wire.Request{Method: mine, Host: mine, Path: mine, Port: 1, Query: wire.Query{{Name: mine, Value: mine}}, PeerPrincipal: mine, TLS: &wire.TLS{}}
	r.Fields = append(make(wire.Fields, 0, 8), wire.Field{Name: mine, Value: mine}, wire.Field{Name: "range", Value: mine})
	fields, query := r.Fields, r.Query
	r.Fields.Del("range") // what it leaves behind is given back, too
	r.Empty()
	if r.Method == mine || r.Host == mine || r.Path == mine || r.Port != 0 || r.PeerPrincipal != "" || r.TLS != nil || len(r.Fields) > 0 || len(r.Query) > 0 {
		t.Errorf("left: %+v", r)
	}
	for _, f := range fields[:cap(fields)] {
		if f.Name == mine || f.Value == mine {
			t.Errorf("left: %v", f)
		}
	}
	if query[0].Name == mine || query[0].Value == mine {
		t.Errorf("left: %v", query)
	}
	other := &wire.Request{Fields: wire.Fields{{Name: "a", Value: "b"}}, Query: wire.Query{{Name: "c"}}}
	other.CloneTo(r)
	if &r.Fields[0] != &fields[0] || &r.Query[0] != &query[0] {
		t.Error("the arrays are not used again")
	}
	if large := make(wire.Fields, 100); large.Emptied() != nil {
		t.Error("a large array is kept")
	}
}
