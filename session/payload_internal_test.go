package session

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
)

// These tests write payloads that no issuer writes.

// full is a payload with all that one can have.
func full() *payload {
	return &payload{
		kind: WebIdentity, accessKeyID: "ASIAAAAAAAAAAAAAAAAA", account: "111122223333", id: "AROAAPP", name: "s1",
		issued: 1_767_225_600, expires: 1_767_229_200,
		provider: "arn:aws:iam::111122223333:oidc-provider/id.example.com",
		kept: []Key{
			{Name: "id.example.com:amr", Values: []string{"pwd", "otp"}, List: true},
			{Name: "id.example.com:sub", Values: []string{"alice"}},
		},
		tags:       []action.Tag{{Key: "team", Value: "blue"}, {Key: "Ort", Value: "Zürich"}, {Key: "empty"}},
		transitive: []string{"team"}, sourceIdentity: "alice", policy: `{"Version":"2012-10-17"}`,
		policyARNs: []string{"arn:aws:iam::111122223333:policy/readers"}, parentKeyID: "AKIAAAAAAAAAAAAAAAAA", parentID: "AIDAALICE",
	}
}

var comparePayloads = cmp.AllowUnexported(payload{})

func TestPayload(t *testing.T) {
	t.Parallel()
	user := &payload{kind: User, accessKeyID: "ASIA1", account: "111122223333", id: "AIDAALICE", issued: 1, expires: 2, mfa: 1}
	for _, want := range []*payload{full(), user} {
		b := want.append(nil)
		got, err := parsePayload(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, comparePayloads); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for n := range b {
			if _, err := parsePayload(b[:n]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for all", n, len(b))
			}
		}
		if _, err := parsePayload(append(bytes.Clone(b), 0)); err == nil {
			t.Error("a byte behind the payload is overlooked")
		}
	}
}

// TestPayloadUnsound is of payloads that are well formed and contradict themselves.
func TestPayloadUnsound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*payload){
		"no kind":                         func(p *payload) { p.kind = 0 },
		"unknown kind":                    func(p *payload) { p.kind = Certificate + 1 },
		"no access key":                   func(p *payload) { p.accessKeyID = "" },
		"no account":                      func(p *payload) { p.account = "" },
		"no unique id":                    func(p *payload) { p.id = "" },
		"no name":                         func(p *payload) { p.name = "" },
		"over before it begins":           func(p *payload) { p.expires = p.issued },
		"web identity without a provider": func(p *payload) { p.provider = "" },
		"provider without a token":        func(p *payload) { p.kind = AssumedRole },
		"second factor of a role":         func(p *payload) { p.mfa = 1 },
		"transitive key without a tag":    func(p *payload) { p.transitive = []string{"other"} },
		"single key without a value":      func(p *payload) { p.kept[1].Values = nil },
		"single key with two values":      func(p *payload) { p.kept[1].Values = []string{"a", "b"} },
		"time after the year 9999":        func(p *payload) { p.expires = maxTime + 1 },
		"text that is no UTF-8":           func(p *payload) { p.name = "\xff" },
		"too many tags":                   func(p *payload) { p.tags = append(p.tags, make([]action.Tag, maxListed)...) },
		"too long":                        func(p *payload) { p.policy = string(make([]byte, maxPayload)) },
	} {
		p := full()
		change(p)
		if _, err := parsePayload(p.append(nil)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzPayload(f *testing.F) {
	f.Add(full().append(nil))
	f.Add((&payload{kind: User, accessKeyID: "ASIA1", account: "1", id: "AIDAALICE", issued: 1, expires: 2}).append(nil))
	f.Add([]byte{1, 0x80, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePayload(b)
		if err != nil {
			return
		}
		if again := p.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x is read as what is written %x", b, again)
		}
	})
}

func TestPack(t *testing.T) {
	t.Parallel()
	for _, text := range [][]byte{nil, []byte("short"), bytes.Repeat([]byte("long "), 500)} {
		packed := appendPacked(nil, text)
		if len(packed) > len(text)+1 {
			t.Errorf("%d bytes became %d", len(text), len(packed))
		}
		got, ok := unpack(packed, len(text))
		if !ok || !bytes.Equal(got, text) {
			t.Errorf("%q became %q", text, got)
		}
		if len(text) == 0 {
			continue
		}
		if _, ok := unpack(packed, len(text)-1); ok {
			t.Errorf("%d bytes fit into %d", len(text), len(text)-1)
		}
		if packed[0] == deflated {
			if _, ok := unpack(append(packed, 0), len(text)); ok {
				t.Error("a byte behind the deflated text is overlooked")
			}
			if _, ok := unpack(packed[:len(packed)-1], len(text)); ok {
				t.Error("a deflated text that is cut off is taken for all")
			}
		}
	}
	if _, ok := unpack([]byte{2, 'x'}, 9); ok {
		t.Error("an unknown packing is accepted")
	}
	if _, ok := unpack(nil, 9); ok {
		t.Error("nothing is accepted")
	}
}
