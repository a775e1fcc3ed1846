package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/wire"
)

func TestFields(t *testing.T) {
	t.Parallel()
	var fields wire.Fields
	fields.Add("x-amz-meta-a", "1")
	fields.Add("range", "bytes=0-1")
	fields.Add("x-amz-meta-a", "2")
	if got := fields.Get("x-amz-meta-a"); got != "1" {
		t.Errorf("Get = %q, want the first", got)
	}
	if got := fields.Count("x-amz-meta-a"); got != 2 {
		t.Errorf("Count = %d", got)
	}
	if _, ok := fields.Lookup("X-Amz-Meta-A"); ok {
		t.Error("Lookup finds a name in another case")
	}
	copied := fields.Clone()
	fields.Set("x-amz-meta-a", "3")
	fields.Del("none")
	if diff := cmp.Diff(wire.Fields{{"range", "bytes=0-1"}, {"x-amz-meta-a", "3"}}, fields); diff != "" {
		t.Errorf("after Set: %s", diff)
	}
	if diff := cmp.Diff(wire.Fields{{"x-amz-meta-a", "1"}, {"range", "bytes=0-1"}, {"x-amz-meta-a", "2"}}, copied); diff != "" {
		t.Errorf("the clone changed: %s", diff)
	}
	fields.Del("range")
	fields.Del("x-amz-meta-a")
	if len(fields) != 0 || wire.Fields(nil).Clone() != nil {
		t.Errorf("left: %v", fields)
	}
}

func TestRequestClone(t *testing.T) {
	t.Parallel()
	query, _ := wire.ParseQuery("a=1&b=2")
	request := &wire.Request{Path: "/x", Query: query, Fields: wire.Fields{{"a", "1"}}}
	copied := request.Clone()
	copied.Path = "/y"
	copied.Query[0].Name = "changed"
	copied.Fields[0].Value = "changed"
	copied.Fields.Add("b", "2")
	if request.Path != "/x" || request.Query[0].Name != "a" || len(request.Fields) != 1 || request.Fields[0].Value != "1" {
		t.Errorf("a change of the clone changed the request: %+v", request)
	}
}

func TestRefusalIsAnError(t *testing.T) {
	t.Parallel()
	refusal := wire.Unavailable("no bundle")
	if got := refusal.Error(); got != "ServiceUnavailable: Service is unable to handle request." {
		t.Errorf("Error() = %q: the cause is not for clients", got)
	}
	if !refusal.Retryable || refusal.Status != 503 {
		t.Errorf("%+v", refusal)
	}
}

func FuzzFields(f *testing.F) {
	f.Add("a", "b", "a", uint8(0))
	f.Fuzz(func(t *testing.T, one, two, del string, order uint8) {
		var fields wire.Fields
		for i := range 6 {
			name := one
			if order>>i&1 == 1 {
				name = two
			}
			fields.Add(name, string(rune('0'+i)))
		}
		total, gone := len(fields), fields.Count(del)
		fields.Del(del)
		if fields.Count(del) != 0 || len(fields) != total-gone {
			t.Fatalf("Del(%q) left %v", del, fields)
		}
		for i := 1; i < len(fields); i++ {
			if fields[i-1].Value >= fields[i].Value {
				t.Fatalf("order lost: %v", fields)
			}
		}
	})
}
